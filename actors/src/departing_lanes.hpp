#pragma once

#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace bulkhead::actors::detail {

/// The asking ends of lanes that were made for handles in messages, until these are sent: then the
/// ends are gone from this process.
/// @threads any.
class departing_lanes {
 public:
  void keep(actor_client lane);
  /// Closes those of them that are here still: nobody will get them.
  void withdraw(const std::vector<std::uint64_t>& ids);
  /// Closes all.
  void close();

 private:
  std::mutex mutex_;
  std::vector<actor_client> lanes_;
};

/// The endpoints that a message names, and the lanes among them that were made for it: these are
/// closed where it goes before it is sent, so that nobody serves them.
class departing_names {
 public:
  explicit departing_names(std::shared_ptr<departing_lanes> lanes) : lanes_(std::move(lanes)) {}
  departing_names(const departing_names&) = delete;
  departing_names& operator=(const departing_names&) = delete;
  ~departing_names();

  /// For the message's encoder.
  [[nodiscard]] bulkhead::detail::named_endpoints& found() noexcept { return found_; }
  [[nodiscard]] const std::vector<std::uint64_t>& ids() noexcept { return found_.ids(); }

 private:
  std::shared_ptr<departing_lanes> lanes_;
  bulkhead::detail::named_endpoints found_;
};

}  // namespace bulkhead::actors::detail
