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

// `push(time_us, number)` adds an event; `hold(gap_us)` takes the earliest out and puts it in again that much later.
template <class Push, class Hold> void measure(const Load &load, Push push, Hold hold) {
    using clock = std::chrono::steady_clock;
    for (size_t i = 0; i < load.firsts_us.size(); i++) push(uint64_t(load.firsts_us[i]), int32_t(i));
    std::vector<double> seconds;
    size_t next = 0;
    double total = 0;
    while (total < 1.3 || seconds.size() < 20) {
        const auto start = clock::now();
        for (long i = 0; i < load.batch; i++) {
            next = (next + 1) & (Load::GAPS - 1);
            hold(uint64_t(load.gaps_us[next]));
        }
        seconds.push_back(std::chrono::duration<double>(clock::now() - start).count());
        total += seconds.back();
    }
    // The first batches warm up.
    seconds.erase(seconds.begin(), seconds.begin() + 4);
    std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
    printf("%.0f\n", load.batch / seconds[seconds.size() / 2]);
}
