#pragma once

#include <bulkhead/process.hpp>
#include <chrono>
#include <condition_variable>
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
  /// safer than another.
  killer(std::span<const bulkhead::process> children, std::chrono::nanoseconds mean);
  killer(const killer&) = delete;
  killer& operator=(const killer&) = delete;

 private:
  void run(std::stop_token stop);
  void kill_one();

  std::span<const bulkhead::process> children_;
  std::exponential_distribution<double> seconds_;
  std::mt19937_64 random_{std::random_device{}()};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace word_count
