#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace queue_core {

/// What the queue should be: every message that is not settled, and who has it.
struct reference {
  struct message {
    std::string text;
    std::uint32_t lane;
    std::uint64_t sequence;  // in its lane
    std::uint32_t deliveries = 0;
    int holder = -1;
  };
  explicit reference(std::uint32_t seats) : sent(seats) {}

  std::vector<message> all;
  std::vector<std::uint64_t> sent;  // by lane
  bool closed = false;

  message* find(std::uint32_t lane, const std::string& text) {
    for (message& m : all) {
      if (m.lane == lane && m.text == text) return &m;
    }
    return nullptr;
  }
  std::size_t outstanding(std::uint32_t lane) const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const message& m) { return m.lane == lane; }));
  }
  std::size_t waiting() const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const message& m) { return m.holder < 0; }));
  }
  void remove(const message* m) { all.erase(all.begin() + (m - all.data())); }
};

}  // namespace queue_core
