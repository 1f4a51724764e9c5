#pragma once

#include <bulkhead/actors/sink.hpp>
#include <bulkhead/queue.hpp>
#include <memory>
#include <utility>

namespace bulkhead::actors {

namespace detail {

template <class T>
class queue_output final : public sink_output, private bulkhead::detail::queue_calls<T> {
 public:
  // Takes the place in the queue now: later it may be a worker of CAF's that has to ask for it.
  explicit queue_output(const queue<T>& to) : bulkhead::detail::queue_calls<T>(to.core()) {
    static_cast<void>(to.sent());
  }

  bool takes(const compat::message_values& content) const override {
    return content.match_elements<T>();
  }
  std::error_code put(const compat::message_values& content,
                      std::chrono::milliseconds how_long) override {
    using bulkhead::detail::patience;
    const auto patience_of = how_long.count() > 0 ? patience::lasting(how_long) : patience::none();
    return bulkhead::detail::queue_calls<T>::put(content.get_as<T>(0), patience_of).code();
  }
  const std::string& name() const override { return this->core_.name(); }
};

}  // namespace detail

/// Makes an actor that sends what it is sent to a queue, in the order of each sender. The queue's
/// overflow policy holds; with `overflow::block` messages for which there is no room wait here
/// (sink_options), and a thread of the sink's own brings them.
///
/// It ends with an error for which `is(error, errc::closed)` when it finds the queue closed, and by
/// an exit message; what waits is dropped then, and requests are answered with that reason. When
/// the last handle goes, what waits is still brought. From the end of `sys`, or a stop request to
/// this process, on nothing waits any more: what there is room for is sent.
/// @limits T: the queue's message that CAF can send too: it has an `inspect`, or is allowed by
/// CAF_ALLOW_UNSAFE_MESSAGE_TYPE. @errors std::invalid_argument: an empty queue, no room to wait;
/// as queue::send.
/// @threads any. A send does not wait in an actor that shares its thread with others.
/// @crash own: what waits is lost; what was answered is in the queue.
template <class T>
[[nodiscard]] sink<T> to_queue(system& sys, const queue<T>& to, const sink_options& options = {}) {
  std::unique_ptr<detail::sink_output> output;
  if (to) output = std::make_unique<detail::queue_output<T>>(to);
  return caf::actor_cast<sink<T>>(detail::start_sink(sys, "to_queue", std::move(output), options));
}

}  // namespace bulkhead::actors
