#pragma once

#include "live_numbers.hpp"

#include <bulkhead/process.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <stop_token>
#include <thread>

namespace word_count {

/// Kills one of some children with SIGKILL again and again: a random one that lives, at random
/// times.
/// @owns a thread, until its destructor; the children outlive it.
class killer {
 public:
  /// Kills at intervals of `mean` on average, exponentially distributed, so that no instant is
  /// safer than another. After some kills for which no piece came, it waits until one comes: on a
  /// machine that starts children more slowly than it kills them, the work would never end.
  /// @param live what the work counts; it outlives this
  killer(std::span<const bulkhead::process> children, std::chrono::nanoseconds mean,
         const live_numbers& live);
  killer(const killer&) = delete;
  killer& operator=(const killer&) = delete;

 private:
  void run(std::stop_token stop);
  void kill_one();
  bool work_goes_on();

  std::span<const bulkhead::process> children_;
  const live_numbers& live_;
  std::uint64_t pieces_ = 0;  // when it last looked
  int kills_since_ = 0;       // since a piece came
  std::exponential_distribution<double> seconds_;
  std::mt19937_64 random_{std::random_device{}()};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace word_count
