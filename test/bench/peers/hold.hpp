// The hold model for queues in C++: see test/bench/hold.ts. Prints operations per second, the median of batches.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

struct Load {
    static constexpr size_t GAPS = 1 << 16;
    std::vector<double> firsts_us, gaps_us;
    long batch;

    // argv: file of doubles, pending events, operations in a batch
    explicit Load(char **argv) : firsts_us(atol(argv[2])), gaps_us(GAPS), batch(atol(argv[3])) {
        std::ifstream file(argv[1], std::ios::binary);
        file.read(reinterpret_cast<char *>(firsts_us.data()), firsts_us.size() * sizeof(double));
        file.read(reinterpret_cast<char *>(gaps_us.data()), GAPS * sizeof(double));
        if (!file) {
            fprintf(stderr, "cannot read %s\n", argv[1]);
            exit(1);
        }
    }
};

// Runs batches for a while and prints operations per second, by their median; the first ones warm up.
template <class Batch> void measure_batches(long length, Batch batch) {
    using clock = std::chrono::steady_clock;
    constexpr int WARM_UP = 4;
    std::vector<double> seconds;
    double total = 0;
    while (total < 0.6 || seconds.size() < 16 + WARM_UP) {
        const auto start = clock::now();
        batch();
        seconds.push_back(std::chrono::duration<double>(clock::now() - start).count());
        total += seconds.back();
    }
    seconds.erase(seconds.begin(), seconds.begin() + WARM_UP);
    std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
    printf("%.0f\n", length / seconds[seconds.size() / 2]);
}

// `push(time_us, number)` adds an event; `hold(gap_us)` takes the earliest out and puts it in again that much later.
template <class Push, class Hold> void measure(const Load &load, Push push, Hold hold) {
    for (size_t i = 0; i < load.firsts_us.size(); i++) push(uint64_t(load.firsts_us[i]), int32_t(i));
    size_t next = 0;
    measure_batches(load.batch, [&] {
        for (long i = 0; i < load.batch; i++) {
            next = (next + 1) & (Load::GAPS - 1);
            hold(uint64_t(load.gaps_us[next]));
        }
    });
}
