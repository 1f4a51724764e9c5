#include "killer.hpp"

#include <vector>

namespace word_count {

using namespace std::chrono;

namespace {

constexpr int kills_without_a_piece = 16;

}  // namespace

killer::killer(std::span<const bulkhead::process> children, nanoseconds mean,
               const live_numbers& live)
    : children_(children),
      live_(live),
      seconds_(1 / duration<double>(mean).count()),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void killer::run(std::stop_token stop) {
  auto next = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    next += ceil<nanoseconds>(duration<double>(seconds_(random_)));
    if (!stopped_.wait_until(lock, stop, next, [] { return false; }) && !stop.stop_requested() &&
        work_goes_on()) {
      kill_one();
    }
  }
}

bool killer::work_goes_on() {
  if (const std::uint64_t now = live_.pieces; now != pieces_) {
    pieces_ = now;
    kills_since_ = 0;
  }
  return kills_since_ < kills_without_a_piece;
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
  ++kills_since_;
}

}  // namespace word_count
