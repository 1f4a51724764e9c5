#include "runtime/supervision_script.hpp"

namespace bulkhead_test {

namespace {

namespace commands = core::commands;

std::string ms(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

struct event_in_words {
  std::string operator()(const events::started&) const { return "started"; }
  std::string operator()(const events::ready&) const { return "ready"; }
  std::string operator()(const events::exited& e) const {
    if (e.status.signal != 0) return "exited by signal " + std::to_string(e.status.signal);
    return "exited " + std::to_string(e.status.code);
  }
  std::string operator()(const events::restarting& e) const {
    return "restarting " + std::to_string(e.attempt) + " in " + ms(e.delay);
  }
  std::string operator()(const events::start_failed& e) const {
    return "start failed: " + e.status.text;
  }
  std::string operator()(const events::restart_failed& e) const {
    return "restart failed: " + e.status.text;
  }
  std::string operator()(const events::hung&) const { return "hung"; }
  std::string operator()(const events::limit_hit&) const { return "limit"; }
  std::string operator()(const events::letters_full&) const { return "letters full"; }
  std::string operator()(const events::standby_promoted&) const { return "standby_promoted"; }
  std::string operator()(const events::standby_ended&) const { return "standby_ended"; }
  std::string operator()(const events::gave_up& e) const {
    return "gave up after " + std::to_string(e.history.size());
  }
  std::string operator()(const events::stopped&) const { return "stopped"; }
  std::string operator()(const events::deleted&) const { return "deleted"; }
};

std::string in_words(const end_reason& reason) {
  if (reason == end_reason::shutdown) return "shutdown";
  if (reason == end_reason::gave_up) return "gave up";
  if (reason == end_reason::auto_shutdown) return "auto_shutdown";
  return "start failed of " + reason.child;
}

}  // namespace

void script::drain() {
  // Names first: a start command names its child by an id that add has not yet given to the test.
  for (const auto& each : machine.which_children()) {
    ids_[each.name] = each.id;
    names_[each.id] = each.name;
  }
  for (auto& command : machine.take_commands()) {
    REQUIRE_FALSE(ended);
    if (const auto* c = std::get_if<commands::start>(&command)) {
      incarnations_[c->id] = c->incarnation;
      did_.push_back("start " + names_[c->id] + " " + std::to_string(c->incarnation));
    } else if (const auto* s = std::get_if<commands::request_stop>(&command)) {
      did_.push_back("stop " + names_[s->id]);
    } else if (const auto* k = std::get_if<commands::kill>(&command)) {
      did_.push_back("kill " + names_[k->id]);
    } else if (auto* e = std::get_if<commands::emit>(&command)) {
      told_.push_back(e->event.child + " " + std::visit(event_in_words{}, e->event.what));
      events.push_back(std::move(e->event));
    } else if (auto* x = std::get_if<commands::ended>(&command)) {
      did_.push_back("ended " + in_words(x->reason));
      ended = std::move(x->reason);
    } else {
      did_.push_back("all started");
    }
  }
}

}  // namespace bulkhead_test
