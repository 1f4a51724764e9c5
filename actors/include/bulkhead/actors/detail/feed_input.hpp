#pragma once

#include <caf/message.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

namespace bulkhead::actors::detail {

/// A message that is leased to this process. Destroyed without a word, it is released.
class lease {
 public:
  lease() = default;
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  virtual ~lease() = default;
  virtual void acknowledge() = 0;
  /// True for a message that an actor need not have a handler for.
  [[nodiscard]] virtual bool is_optional() const { return false; }
};

/// A message on its way to an actor: the lease stays with the feed, the content goes on. No lease:
/// the message is its receiver's.
struct leased_message {
  std::unique_ptr<detail::lease> lease;
  caf::message content;
};

/// Where a feed takes from, without the type of the messages.
/// @threads one takes; leases are settled in any.
class feed_input {
 public:
  feed_input() = default;
  feed_input(const feed_input&) = delete;
  feed_input& operator=(const feed_input&) = delete;
  virtual ~feed_input() = default;

  /// @returns nothing when no message came in that time, or with an error. One that says more than
  /// its code is thrown.
  virtual std::optional<leased_message> take(std::chrono::milliseconds how_long,
                                             std::error_code& ec) = 0;
  /// True when no message waits and none will be sent.
  [[nodiscard]] virtual bool drained() const = 0;
  /// What it takes from, with its name, for texts.
  [[nodiscard]] virtual std::string source() const = 0;
};

}  // namespace bulkhead::actors::detail
