// ns-3's schedulers, by themselves: no event objects are made or run, which is to their advantage.
#include "hold.hpp"
#include <ns3/core-module.h>
#include <string>

int main(int, char **argv) {
    ns3::ObjectFactory factory("ns3::" + std::string(argv[4]));
    ns3::Ptr<ns3::Scheduler> scheduler = factory.Create<ns3::Scheduler>();
    uint32_t uid = 0;
    const auto push = [&](uint64_t time_us, uint32_t number) {
        scheduler->Insert({nullptr, {time_us, uid++, number}});
    };
    measure(Load(argv), push, [&](uint64_t gap_us) {
        const ns3::Scheduler::Event event = scheduler->RemoveNext();
        push(event.key.m_ts + gap_us, event.key.m_context);
    });
}
