#include "soak/stages.hpp"

namespace soak {

item make_item(std::uint64_t number) { return {number, number * 0x9e3779b97f4a7c15u + 1, 1}; }

bool intact(const item& i) { return i.check == make_item(i.number).check; }

void source(bulkhead::queue<item> to, bulkhead::queue<std::uint64_t> total) {
  std::uint64_t number = to.sent();
  std::error_code ec;
  while (!bulkhead::this_process::stop_requested()) {
    to.send(make_item(number), ec);
    if (ec) break;  // asked to stop while it waited for room
    ++number;
  }
  total.send(number);
}

void stage(bulkhead::queue<item> from, bulkhead::queue<item> to) {
  from.transform(to, [](const item& i) { return i; });
}

void careless_stage(bulkhead::queue<item> from, bulkhead::queue<item> to) {
  std::error_code ec;
  while (auto d = from.take(ec)) {
    item i = *d;
    i.attempt = d.attempt();
    to.send(i);
    d.ack();
  }
}

}  // namespace soak
