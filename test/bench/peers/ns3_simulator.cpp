// ns-3's Simulator as its users have it: every event is an object that holds a function and its argument.
#include "hold.hpp"
#include <ns3/core-module.h>
#include <string>

static const Load *load;
static size_t next_gap = 0;
static long handled = 0;

static void on_event(uint32_t number) {
    if (++handled == load->batch) ns3::Simulator::Stop();
    next_gap = (next_gap + 1) & (Load::GAPS - 1);
    ns3::Simulator::Schedule(ns3::MicroSeconds(int64_t(load->gaps_us[next_gap])), on_event, number);
}

int main(int, char **argv) {
    load = new Load(argv);
    ns3::Simulator::SetScheduler(ns3::ObjectFactory("ns3::" + std::string(argv[4])));
    for (size_t i = 0; i < load->firsts_us.size(); i++)
        ns3::Simulator::Schedule(ns3::MicroSeconds(int64_t(load->firsts_us[i])), on_event, uint32_t(i));
    measure_batches(load->batch, [] {
        handled = 0;
        ns3::Simulator::Run();
    });
}
