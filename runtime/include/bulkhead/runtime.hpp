#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <bulkhead/call_options.hpp>
#include <bulkhead/command.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/detail/reported.hpp>
#include <bulkhead/log_sink.hpp>
#include <bulkhead/process.hpp>
#include <bulkhead/runtime_metrics.hpp>
#include <memory>

namespace bulkhead {

namespace detail {
/// A value that this program inherited.
struct inherited_value {
  std::span<const std::byte> bytes;
  std::uint64_t first = 0;
  endpoint_source* endpoints = nullptr;
};
}  // namespace detail

/// What a runtime can be told.
struct runtime_options {
  /// Gets a line for every event of its supervisors and of those nested in them; none: nobody does.
  std::shared_ptr<log_sink> log = nullptr;
};

namespace detail {
class runtime_state;
}

/// The place of this process in its tree: what makes processes and mailboxes. Made after `init`, in
/// the host, one or more, at once or in a row; in a child `this_process::runtime()` is there from
/// the start.
///
/// The keeper process and this process's one thread (all signals blocked) start at the first queue
/// or spawn, not before.
/// @threads any. @owns neither queues nor processes; it outlives supervisors. Handles that outlive
/// it: a process's waits and requests report runtime_gone; queues and pipes go on in this process,
/// whose peers have ended, and report runtime_gone where they need the keeper: a first send or
/// take, dead letters.
/// @crash when the host is killed every process of the tree ends. When the keeper is killed its
/// children end and another keeper follows: no message is lost, and supervisors start their
/// children again. Where none can be started the host ends, with one sentence on standard error and
/// status 70.
class runtime {
 public:
  runtime();
  explicit runtime(const runtime_options& options);
  /// Runs event handlers on `executor` instead of the runtime's own thread.
  explicit runtime(boost::asio::any_io_executor executor, const runtime_options& options = {});
  /// The runtime of a program that a `command` with endpoints started: the first thing in its main.
  /// Like a child's own runtime it is a part of the starter's tree, and ends with it.
  /// @errors not_initialised: no such command started this program; unsupported: by another version
  /// of the library.
  explicit runtime(inherited_t);
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  /// Ends what still runs at once, by SIGKILL, and waits for that, at most 2 s: end supervisors and
  /// processes first where they are to end in order.
  ~runtime();

  /// Starts a process that runs `fn(args...)` and ends with exit code 0 when it returns; what it
  /// returns is dropped, `std::exit` gives another code.
  /// @limits options: as their fields say; with any but name and shutdown, and for a command, it
  /// waits until the process has entered its function, or was executed. fn: a function or a lambda
  /// without captures. args: messages and endpoints, converted to fn's parameter types here; pipe
  /// ends are moved.
  /// @returns the owner of the process. @errors start_failed, not_initialised, and what the system
  /// says; too_large: more than 4096 endpoints; std::invalid_argument: fn is null, or an option is
  /// bad.
  template <class F, class... Args>
  requires(!std::is_same_v<F, spawn_options>) process spawn(const F& fn, Args&&... args) {
    return start({}, detail::make_recipe(fn, std::forward<Args>(args)...));
  }
  template <class F, class... Args>
  process spawn(const spawn_options& options, const F& fn, Args&&... args) {
    return start(options, detail::make_recipe(fn, std::forward<Args>(args)...));
  }

  /// Starts another executable.
  /// @errors start_failed, with the system's words, where it cannot be executed.
  process spawn(const command& what) { return start({}, what.recipe()); }
  process spawn(const spawn_options& options, const command& what) {
    return start(options, what.recipe());
  }

  /// Runs `fn(args...)` in a process of its own and brings back what it returns or throws
  /// (call.hpp).
  template <class F, class... Args>
  requires(!std::is_same_v<F, call_options>) auto call(const F& fn, Args&&... args);
  template <class F, class... Args>
  auto call(const call_options& options, const F& fn, Args&&... args);
  template <class F, class... ArgsAndToken>
  requires(!std::is_same_v<F, call_options>) decltype(auto)
      async_call(const F& fn, ArgsAndToken&&... args_and_token);
  template <class F, class... ArgsAndToken>
  decltype(auto) async_call(const call_options& options, const F& fn,
                            ArgsAndToken&&... args_and_token);

  /// In an `inherited` runtime: the endpoint, or other value, that the command was given `with`
  /// this name.
  /// @limits once for a pipe end; as often as wanted for others.
  /// @errors std::invalid_argument: nothing of that name was given; type_mismatch.
  template <class T>
  [[nodiscard]] T endpoint(std::string_view name) const {
    const detail::inherited_value found = find_endpoint(name, detail::fingerprint_of<T>());
    detail::shifted_endpoints endpoints(*found.endpoints, found.first);
    T value{};
    if (!detail::decode_all(found.bytes, value, &endpoints)) {
      throw error(errc::closed, "endpoint '" + std::string(name) + "' was taken up before");
    }
    return value;
  }

  template <class T>
  [[nodiscard]] T endpoint(std::string_view name, std::error_code& ec) const {
    return detail::reported(ec, [&] { return endpoint<T>(name); });
  }

  /// What its processes have done so far: the numbers of one moment, and sums since the start.
  /// @threads any; counts are read one after the other, so those of events on their way may differ
  /// by one.
  [[nodiscard]] runtime_metrics metrics() const;

  /// Where event handlers run.
  [[nodiscard]] boost::asio::any_io_executor get_executor() const;

  [[nodiscard]] const std::shared_ptr<detail::runtime_state>& state() const noexcept {
    return state_;
  }
  explicit runtime(std::shared_ptr<detail::runtime_state> state) noexcept;
  /// For other layers: starts what the recipe says, as `spawn` does.
  process start(const spawn_options& options, detail::start_recipe recipe);

 private:
  [[nodiscard]] detail::inherited_value find_endpoint(std::string_view name,
                                                      std::uint64_t fingerprint) const;

  std::shared_ptr<detail::runtime_state> state_;
};

}  // namespace bulkhead
