#include "killer.hpp"

#include <vector>

namespace word_count {

using namespace std::chrono;

killer::killer(std::span<const bulkhead::process> children, nanoseconds mean)
    : children_(children),
      seconds_(1 / duration<double>(mean).count()),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void killer::run(std::stop_token stop) {
  auto next = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    next += ceil<nanoseconds>(duration<double>(seconds_(random_)));
    if (!stopped_.wait_until(lock, stop, next, [] { return false; }) && !stop.stop_requested()) {
      kill_one();
    }
  }
}

// By its handle, never by a number that may meanwhile be somebody else's.
void killer::kill_one() {
  std::vector<const bulkhead::process*> alive;
  for (const auto& child : children_) {
    if (child.id() != 0) alive.push_back(&child);
  }
  if (alive.empty()) return;
  std::uniform_int_distribution<std::size_t> any(0, alive.size() - 1);
  alive[any(random_)]->kill();
}

}  // namespace word_count
