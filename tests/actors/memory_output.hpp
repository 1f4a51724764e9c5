#pragma once

#include <bulkhead/actors/detail/sink_output.hpp>
#include <bulkhead/errc.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace bulkhead_test {

/// A bounded mailbox of numbers in memory, which answers as a real one does.
class memory_mailbox {
 public:
  explicit memory_mailbox(std::size_t room) : room_(room) {}

  std::error_code put(int number, std::chrono::milliseconds how_long) {
    std::unique_lock lock(mutex_);
    ++puts_;
    if (!changed_.wait_for(lock, how_long, [&] {
          return error_ || (room_ > 0 && (!held_ || how_long.count() == 0));
        })) {
      return make_error_code(how_long.count() > 0 ? bulkhead::errc::timed_out
                                                  : bulkhead::errc::full);
    }
    if (error_) return error_;
    if (number < 0) throw std::invalid_argument("a number below 0");
    --room_;
    numbers_.push_back(number);
    return {};
  }
  void make_room(std::size_t more) {
    const std::lock_guard lock(mutex_);
    room_ += more;
    changed_.notify_all();
  }
  /// Lets no put that waits see the room that there is.
  void hold_who_waits(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  /// Makes every put fail from now on.
  void fail_with(std::error_code ec) {
    const std::lock_guard lock(mutex_);
    error_ = ec;
    changed_.notify_all();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  [[nodiscard]] std::vector<int> numbers() const {
    const std::lock_guard lock(mutex_);
    return numbers_;
  }
  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  /// How often somebody has tried.
  [[nodiscard]] int puts() const {
    const std::lock_guard lock(mutex_);
    return puts_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t room_;
  std::vector<int> numbers_;
  int puts_ = 0;
  bool held_ = false;
  bool closed_ = false;
  std::error_code error_;
};

class memory_output final : public bulkhead::actors::detail::sink_output {
 public:
  explicit memory_output(std::shared_ptr<memory_mailbox> to) : to_(std::move(to)) {}

  bool takes(const bulkhead::actors::compat::message_values& content) const override {
    return content.match_elements<int>();
  }
  std::error_code put(const bulkhead::actors::compat::message_values& content,
                      std::chrono::milliseconds how_long) override {
    return to_->put(content.get_as<int>(0), how_long);
  }
  void close() noexcept override { to_->close(); }
  const std::string& name() const override { return name_; }

 private:
  std::shared_ptr<memory_mailbox> to_;
  const std::string name_ = "numbers";
};

}  // namespace bulkhead_test
