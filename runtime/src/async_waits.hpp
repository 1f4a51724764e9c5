#pragma once

#include <map>
#include <mutex>

#include "async_watch.hpp"

namespace bulkhead::detail {

/// The operations that wait in one execution context. They cost no thread and no polling: all bells
/// are in one epoll set, and while anything waits the context waits for that.
///
/// Nobody ever reads a bell, and several processes watch it; so each ring must count as an edge.
/// Asio's own registrations are told again of a level that is still up whenever somebody waits
/// anew; the set in between turns edges into a level, which the one who collects them ends.
///
/// @threads any. Lock order: its mutex is held while nothing else is taken but the states' own, and
/// never while an operation is tried, completed or dropped.
class async_waits : public std::enable_shared_from_this<async_waits> {
 public:
  /// The one of a context, made at first use. @errors std::system_error.
  static std::shared_ptr<async_waits> of(boost::asio::execution_context& context);

  explicit async_waits(boost::asio::execution_context& context);
  async_waits(const async_waits&) = delete;
  async_waits& operator=(const async_waits&) = delete;

  [[nodiscard]] std::uint64_t new_id();
  void begin(std::uint64_t id, async_operation_ptr op, std::vector<async_source> sources,
             bool together);
  void cancel(std::uint64_t id);
  /// The context ends: drops all operations. Nothing may be begun any more.
  void shut_down();
  /// This is a forked copy of the process: ends all operations, leaves the descriptors alone.
  void in_forked_copy();

 private:
  using watch_ptr = std::shared_ptr<async_watch>;
  using lock = std::unique_lock<std::mutex>;
  struct owner_less {
    bool operator()(const async_source& a, const async_source& b) const noexcept;
  };

  watch_ptr enter(std::uint64_t id, async_operation_ptr& op, std::vector<async_source> sources,
                  bool together);
  watch_ptr watch_for(std::vector<async_source> sources, bool together);
  watch_ptr new_watch(std::vector<async_source> sources);
  void remove(const watch_ptr& watch);
  void sweep();
  void look(const watch_ptr& watch, bool begun);
  void serve(async_watch& watch, lock& held);
  void leave(const async_watch& watch);
  void settle(const watch_ptr& watch);
  void set_timer(const watch_ptr& watch);
  void arm();
  void heard();
  std::vector<watch_ptr> collect(lock& held);

  boost::asio::execution_context* context_;
  const int process_;  // that made it; another one is a forked copy
  std::mutex mutex_;
  os::unique_fd bells_;  // the epoll set
  std::optional<async_descriptor> rung_;
  bool armed_ = false;
  bool shut_ = false;
  std::size_t waiting_ = 0;
  std::uint64_t last_id_ = 0;
  std::size_t sweep_at_ = 16;
  std::map<std::uint64_t, watch_ptr> watches_;
  std::map<async_source, watch_ptr, owner_less> together_;
  std::map<std::uint64_t, watch_ptr> places_;  // of the operations
};

}  // namespace bulkhead::detail
