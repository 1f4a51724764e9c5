#include "stepper/judges.hpp"

namespace stepper {

std::string expect_between(const deliveries& got, std::uint64_t value, std::size_t least,
                           std::size_t most) {
  const std::size_t count = got.count(value);
  if (count >= least && count <= most) return {};
  return "message " + std::to_string(value) + " was delivered " + std::to_string(count) + " times";
}

std::string expect_marked(const deliveries& got, std::uint64_t value, std::uint32_t delivery) {
  const auto [first, last] = got.equal_range(value);
  for (auto it = first; it != last; ++it) {
    if (it->second != delivery) {
      return "message " + std::to_string(value) + " came as delivery " +
             std::to_string(it->second) + ", not " + std::to_string(delivery);
    }
  }
  return {};
}

std::string judge_forward(const deliveries& got, std::size_t results, bool complete) {
  if (auto bad = expect_between(got, subject, 0, complete ? 0 : 1); !bad.empty()) return bad;
  const std::size_t each = 1 - got.count(subject);
  for (std::size_t n = 0; n < results; ++n) {
    if (auto bad = expect_between(got, result + n, each, each); !bad.empty()) {
      return bad +
             (each == 0 ? " although its input is still there" : " although its input is gone");
    }
  }
  return {};
}

void set_up_waiting(stage& s) {
  s.give_subject(subject);
  s.give(1002);
  s.give(1003);
}

}  // namespace stepper
