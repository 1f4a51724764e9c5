#pragma once

#include <bulkhead/bulkhead.hpp>
#include <cstdint>
#include <vector>

// Two processes that nobody kills send one another a message a millisecond, through queues of their
// own, beside the storm: what others' deaths cost those who have nothing to do with them.
namespace soak {

/// How long it took, of the worst in a thousand and of the worst.
struct stalls {
  std::uint64_t count = 0;
  std::uint64_t p999_us = 0;
  std::uint64_t max_us = 0;
};

struct bystander_report {
  stalls pipeline;  ///< There and back again.
  stalls machine;   ///< A thread beside, which only sleeps and reads the clock.
};

/// Sends, waits for the answer, until it is asked to stop; then reports.
void bystander(bulkhead::queue<std::uint64_t> there, bulkhead::queue<std::uint64_t> back,
               bulkhead::queue<bystander_report> report);
/// Answers by forward.
void echo(bulkhead::queue<std::uint64_t> there, bulkhead::queue<std::uint64_t> back);

/// Both, from before the storm to after it.
class bystanders {
 public:
  explicit bystanders(bulkhead::runtime& rt);
  /// Ends them and prints. @returns false: stalled above 50 ms, and not with the machine.
  bool report();

 private:
  bulkhead::queue<std::uint64_t> there_, back_;
  bulkhead::queue<bystander_report> report_;
  bulkhead::process echo_, sender_;
};

}  // namespace soak
