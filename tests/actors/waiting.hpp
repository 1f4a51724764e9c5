#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace bulkhead_test {

/// Longest that a test waits for what must happen.
constexpr std::chrono::seconds patience{10};

/// Waits until `condition()` holds. @returns false when it did not in time.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Holds handlers until the test opens it; they pass after the deadline too, so that a failing test
/// ends.
class gate {
 public:
  ~gate() { open(); }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

}  // namespace bulkhead_test
