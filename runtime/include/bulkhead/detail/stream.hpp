#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace bulkhead::detail {

/// An input iterator over what `next`, a callable that returns an optional, gives until it gives
/// nothing.
template <class Next>
class stream_iterator {
 public:
  using value_type = typename decltype(std::declval<Next&>()())::value_type;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit stream_iterator(Next next) : next_(std::move(next)), value_(next_()) {}
  [[nodiscard]] value_type& operator*() const noexcept { return *value_; }
  stream_iterator& operator++() {
    value_.reset();  // a delivery that was not settled is released before the next is taken
    value_ = next_();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const stream_iterator& at, std::default_sentinel_t) {
    return !at.value_.has_value();
  }

 private:
  Next next_;
  mutable std::optional<value_type> value_;
};

/// A range of such.
template <class Next>
class stream {
 public:
  explicit stream(Next next) : next_(std::move(next)) {}
  [[nodiscard]] auto begin() const { return stream_iterator<Next>(next_); }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

 private:
  Next next_;
};

}  // namespace bulkhead::detail
