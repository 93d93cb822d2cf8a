// std::priority_queue with a sequence number, so that equal times come out first in, first out.
#include "hold.hpp"
#include <queue>

struct Event {
    uint64_t time_us, sequence;
    int32_t kind, a, b;
    bool operator<(const Event &other) const {
        return time_us != other.time_us ? time_us > other.time_us : sequence > other.sequence;
    }
};

int main(int, char **argv) {
    std::priority_queue<Event> queue;
    uint64_t sequence = 0;
    measure(
        Load(argv), [&](uint64_t time_us, int32_t number) { queue.push({time_us, sequence++, 0, number, 0}); },
        [&](uint64_t gap_us) {
            Event event = queue.top();
            queue.pop();
            event.time_us += gap_us;
            event.sequence = sequence++;
            queue.push(event);
        });
}
