#pragma once

#include <bulkhead/actors/detail/topic_table.hpp>
#include <bulkhead/actors/sink.hpp>
#include <bulkhead/overflow.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace bulkhead::actors {

/// Who may subscribe: it gets the topic and the value.
template <class T>
using subscriber = caf::typed_actor<compat::takes<std::string, T>>;

/// Brings values of type T to who is subscribed to their topic, in any process of the tree: its
/// handle goes to others as any does, and theirs to it. Its messages:
///
/// (publish, topic, T): to each of the topic's subscribers, and those of "*"; in the order of each
/// publisher. A request is answered when the value is with all of them, or waits here for them.
/// (subscribe, topic, subscriber): from now on, and "*": every topic. (unsubscribe, topic,
/// subscriber).
///
/// A subscriber has `credit` values at a time to handle, and at most `capacity` wait for it here;
/// what is done with more the overflow policy says. So a slow one makes nothing grow, in no
/// process. One that ends is subscribed no more. A handler that fails at a value gets the next.
template <class T>
using broker = caf::typed_actor<compat::takes<caf::publish_atom, std::string, T>,
                                compat::takes<caf::subscribe_atom, std::string, subscriber<T>>,
                                compat::takes<caf::unsubscribe_atom, std::string, subscriber<T>>>;

struct broker_options {
  std::size_t capacity = 1024;  ///< Values that wait for a subscriber, at most; 1 or more.
  std::size_t credit = 16;      ///< Values that a subscriber has to handle at a time; 1 or more.
  /// When as many wait for a subscriber as may. block: publishers wait until all have room, as
  /// sink_options says. refuse: nobody gets the value, and a request is answered with errc::full.
  /// drop_oldest, drop_newest: for that subscriber alone.
  bulkhead::overflow overflow = bulkhead::overflow::drop_oldest;
  sink_options publishers = {};
};

namespace detail {

template <class T>
class broker_output final : public sink_output {
 public:
  explicit broker_output(std::shared_ptr<topic_table> table) : table_(std::move(table)) {}

  bool takes(const compat::message_values& content) const override {
    return is_publish(content) || is_subscribe(content) || is_unsubscribe(content);
  }
  bool needs_room(const compat::message_values& content) const override {
    return is_publish(content);
  }
  std::error_code put(const compat::message_values& content,
                      std::chrono::milliseconds how_long) override {
    const auto& topic = content.get_as<std::string>(1);
    if (is_publish(content)) {
      return table_->publish(topic, caf::make_message(topic, content.get_as<T>(2)), how_long);
    }
    const auto who = caf::actor_cast<caf::strong_actor_ptr>(content.get_as<subscriber<T>>(2));
    if (who && is_subscribe(content)) {
      table_->subscribe(topic, who);
    } else if (who) {
      table_->unsubscribe(topic, who);
    }
    return {};
  }
  void call_by(std::function<void()> caller) override { table_->call_by(std::move(caller)); }
  bool tend() override { return table_->tend(); }
  // Subscribers may have the broker's handle in turn.
  void cancel() noexcept override { table_->clear(); }
  void close() noexcept override { table_->clear(); }
  overflow_counters counters() const override { return table_->counters(); }
  const std::string& name() const override { return name_; }

 private:
  static bool is_publish(const compat::message_values& content) {
    return content.match_elements<caf::publish_atom, std::string, T>();
  }
  static bool is_subscribe(const compat::message_values& content) {
    return content.match_elements<caf::subscribe_atom, std::string, subscriber<T>>();
  }
  static bool is_unsubscribe(const compat::message_values& content) {
    return content.match_elements<caf::unsubscribe_atom, std::string, subscriber<T>>();
  }

  const std::shared_ptr<topic_table> table_;
  const std::string name_ = "topics";
};

/// @errors std::invalid_argument.
std::shared_ptr<topic_table> make_topic_table(system& sys, const topic_terms& terms);
overflow_counters counters_of(const caf::strong_actor_ptr& actor);

}  // namespace detail

/// Starts a broker in this process. It ends by an exit message and with its last handle; what waits
/// for subscribers is lost then.
/// @limits T: a message of Bulkhead's and CAF's, as of to_queue.
/// @errors std::invalid_argument: no capacity, no credit, no room to wait.
/// @threads any. Values are handed on by who publishes, and by who takes a subscriber's answer in.
/// @crash own: subscriptions go, and what waits. Of a subscriber's process: what it had not handled
/// is lost with it; of a supervised one what waits reaches the next incarnation.
template <class T>
[[nodiscard]] broker<T> spawn_broker(system& sys, const broker_options& options = {}) {
  auto table = detail::make_topic_table(sys, {options.capacity, options.credit, options.overflow});
  return caf::actor_cast<broker<T>>(detail::start_sink(
      sys, "spawn_broker", std::make_unique<detail::broker_output<T>>(std::move(table)),
      options.publishers));
}

/// How often a broker's overflow policy has acted: `refused` counts publishes, the others values
/// that a subscriber did not get. What publishers have lost for want of room to wait, `dropped`
/// says. @errors unsupported: `actor` is no broker of this process.
template <class Handle>
[[nodiscard]] overflow_counters counters(const Handle& actor) {
  return detail::counters_of(caf::actor_cast<caf::strong_actor_ptr>(actor));
}

}  // namespace bulkhead::actors
