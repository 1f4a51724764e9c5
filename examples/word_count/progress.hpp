#pragma once

#include "live_numbers.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace word_count {

/// Shows on standard error how far the run is: on a terminal one line that changes, else a line
/// each second.
/// @owns a thread, until its destructor, which wipes the line on the terminal; `numbers` outlive
/// it.
class progress {
 public:
  explicit progress(const live_numbers& numbers);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

 private:
  void run(std::stop_token stop);
  void show() const;

  const live_numbers& numbers_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const bool terminal_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace word_count
