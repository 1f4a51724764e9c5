#pragma once

#include <algorithm>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/feed_input.hpp>
#include <bulkhead/errc.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/dialect.hpp"

namespace bulkhead_test {

/// A message that CAF knows nothing of.
struct item {
  int number = 0;
  std::string text;
};

}  // namespace bulkhead_test

BULKHEAD_TEST_TYPE(item, 3, bulkhead_test::item)

namespace bulkhead_test {

/// A queue in memory that keeps account of what becomes of each message, and answers as a real one
/// does.
class memory_queue {
 public:
  explicit memory_queue(int count) {
    for (int i = 0; i < count; ++i) waiting_.push_back(i);
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  /// Makes the next take report an error.
  void fail_with(std::error_code ec) {
    std::lock_guard lock(mutex_);
    error_ = ec;
    changed_.notify_all();
  }
  std::optional<int> take(std::chrono::milliseconds how_long, std::error_code& ec) {
    std::unique_lock lock(mutex_);
    in_take_ = true;
    changed_.wait_for(lock, how_long, [&] { return !waiting_.empty() || closed_ || error_; });
    in_take_ = false;
    if (error_) {
      ec = error_;
    } else if (!waiting_.empty()) {
      const int number = waiting_.front();
      waiting_.pop_front();
      ++takes_;
      leased_.push_back(number);
      leased_most_ = std::max(leased_most_, leased_.size());
      return number;
    } else if (closed_) {
      ec = bulkhead::errc::closed;
    }
    return std::nullopt;
  }
  void settle(int number, bool acknowledged) {
    std::lock_guard lock(mutex_);
    std::erase(leased_, number);
    if (acknowledged) {
      acknowledged_.push_back(number);
    } else {
      released_.push_back(number);
      waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), number), number);
    }
    changed_.notify_all();
  }
  bool drained() const {
    std::lock_guard lock(mutex_);
    return closed_ && waiting_.empty();
  }
  std::vector<int> leased() const { return copy(leased_); }
  std::vector<int> acknowledged() const { return copy(acknowledged_); }
  std::vector<int> released() const { return copy(released_); }
  std::size_t leased_most() const { return copy(leased_most_); }
  int takes() const { return copy(takes_); }
  /// True while a taker waits.
  bool in_take() const { return copy(in_take_); }

 private:
  template <class T>
  T copy(const T& what) const {
    std::lock_guard lock(mutex_);
    return what;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> waiting_;
  std::vector<int> leased_, acknowledged_, released_;
  std::size_t leased_most_ = 0;
  int takes_ = 0;
  bool in_take_ = false;
  bool closed_ = false;
  std::error_code error_;
};

class memory_input final : public bulkhead::actors::detail::feed_input {
 public:
  explicit memory_input(std::shared_ptr<memory_queue> from) : from_(std::move(from)) {}

  std::optional<bulkhead::actors::detail::leased_message> take(std::chrono::milliseconds how_long,
                                                               std::error_code& ec) override {
    const std::optional<int> number = from_->take(how_long, ec);
    if (!number) return std::nullopt;
    return bulkhead::actors::detail::leased_message{
        std::make_unique<held>(from_, *number),
        bulkhead::actors::compat::local_message(item{*number, "item " + std::to_string(*number)})};
  }
  bool drained() const override { return from_->drained(); }
  std::string source() const override { return "'items'"; }

 private:
  class held final : public bulkhead::actors::detail::lease {
   public:
    held(std::shared_ptr<memory_queue> of, int number) : of_(std::move(of)), number_(number) {}
    ~held() override {
      if (!acknowledged_) of_->settle(number_, false);
    }
    void acknowledge() override {
      acknowledged_ = true;
      of_->settle(number_, true);
    }

   private:
    std::shared_ptr<memory_queue> of_;
    int number_;
    bool acknowledged_ = false;
  };

  std::shared_ptr<memory_queue> from_;
};

/// The numbers from 0 to count - 1.
inline std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = i;
  return all;
}

}  // namespace bulkhead_test
