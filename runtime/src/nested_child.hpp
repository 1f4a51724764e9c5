#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <bulkhead/exit_status.hpp>
#include <bulkhead/supervisor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

// What a supervisor keeps of children that are supervisors themselves.
namespace bulkhead::detail {

/// One in the same process, over its incarnations. Touched on the runtime's thread only.
struct nested_child {
  nested_child(supervisor_options how, std::function<void(supervisor&)> what)
      : options(std::move(how)), build(std::move(what)) {}
  nested_child(const nested_child&) = delete;
  nested_child& operator=(const nested_child&) = delete;
  // In a forked copy of the process the thread is not there.
  ~nested_child() {
    if (builder.joinable()) builder.detach();
  }

  const supervisor_options options;
  const std::function<void(supervisor&)> build;
  // Of the present incarnation.
  std::shared_ptr<supervisor_state> state;
  std::uint64_t incarnation = 0;
  std::thread builder;  // Runs `build`.
  bool is_built = false;
  bool asked = false;
  bool killed = false;
  std::string failure;  // What `build` threw.
};

/// How an incarnation that is over ended, as a child's exit.
exit_status status_of(const nested_child& over, const end_reason& reason);

/// What a supervisor that gave up says to its own.
std::string describe_giving_up(const std::string& path, const end_reason& reason);

/// Where the events of one in a process of its own come in.
struct event_inlet {
  queue<supervision_event> from;
  boost::asio::cancellation_signal stop;
};

}  // namespace bulkhead::detail
