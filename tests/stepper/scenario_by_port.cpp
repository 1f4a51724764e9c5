#include <cstring>

#include "core/closing.hpp"
#include "stepper/judges.hpp"
#include "stepper/ports.hpp"
#include "stepper/scenario.hpp"

// The same operations on their inline way: the private halves lend places and messages to ports,
// and these send, take, acknowledge and forward.
namespace stepper {
namespace {

namespace detail = bulkhead::detail;

// What queue<T>::put does with a port.
void send_by_port(party_ports& ports, std::uint64_t value) {
  detail::queue_out_port& port = ports.out.out;
  detail::queue_place* const place = port.open(sizeof(payload));
  if (place == nullptr) return;
  const payload content = payload::of(value);
  std::memcpy(place->payload, &content, sizeof content);
  if (port.publish(place, sizeof(payload))) static_cast<void>(ports.heed_sent());
}

bool take_by_port(party_ports& ports, detail::taken& message) {
  return ports.in.in.take(message, false);
}

void forward_by_port(party_ports& ports, const detail::taken& message, std::uint64_t value) {
  detail::queue_out_port& out = ports.out.out;
  detail::queue_in_port& in = ports.in.in;
  detail::queue_place* const place = out.open(sizeof(payload));
  if (place == nullptr || !in.gate.enter()) return;
  if (!in.record->names(out.lane)) in.record->turn_to(out.lane);
  const payload content = payload::of(value);
  std::memcpy(place->payload, &content, sizeof content);
  // What queue_core::heed_forwarded does with the rest.
  if (detail::forward_inside(in, message, out, place, sizeof(payload)) !=
      detail::port_forward::sent)
    return;
  if (ports.heed_sent()) {
    static_cast<void>(in.free(message));
  } else {
    in.record->forget();
  }
  in.gate.leave();
}

scenario by_port(std::string name, std::function<void(stage&)> set_up,
                 std::function<void(party_ports&)> operate,
                 std::function<std::string(const deliveries&, const burials&, bool)> judge) {
  scenario c;
  c.name = std::move(name) + " by the port";
  c.set_up = [set_up = std::move(set_up)](stage& s) {
    turn_to_lent_places(s);
    set_up(s);
  };
  c.operate = [operate = std::move(operate)](stage& s) {
    party_ports ports(s);
    operate(ports);
  };
  c.judge = std::move(judge);
  return c;
}

core::slot* subject_slot(const stage& s) {
  const core::queue_view& in = s.shared->in();
  for (std::uint32_t index = 0; index < in.ring_slots(); ++index) {
    core::slot& at = in.slot_at(0, index);
    payload held;
    std::memcpy(&held, at.payload, sizeof held);
    if (held.value == subject) return &at;
  }
  require(false, "the subject is in the source's lane");
  return nullptr;
}

// The first incarnation was killed when it had named its forward, and before the result was out.
// The message had so many deliveries that they are not counted further, and the next incarnation
// has the epoch that the first one had: so it takes the message by the same word.
scenario taken_again_by_port() {
  scenario c;
  c.name = "take + send after a forward that was killed by the port";
  c.set_up = [](stage& s) {
    turn_to_lent_places(s);
    set_up_waiting(s);
    core::slot& often = *subject_slot(s);
    const core::slot_word ready = often.load(std::memory_order_relaxed);
    often.store(core::slot_word::make_ready(ready.lap(), core::deliveries_max),
                std::memory_order_relaxed);
    party_ports ports(s);
    s.worker_takes();
    const detail::taken message{nullptr,
                                std::uint64_t{s.held.lane} << 32 | core::index_of(s.held.position),
                                s.held.word.bits, 0};
    const detail::queue_out_port& out = ports.out.out;
    ports.in.in.record->turn_to(out.lane);
    ports.in.in.record->name(out.position_end - out.room(), message.where, message.word);
    recover(*s.shared, false);
    s.worker = party(*s.shared, 1, 0);
  };
  c.operate = [](stage& s) {
    if (s.worker.in_take.take(s.held)) send(s.worker.out_send, result);
  };
  c.judge = [](const deliveries& got, const burials&, bool complete) {
    if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
    return expect_between(got, result, complete ? 1 : 0, 1);
  };
  return c;
}

scenario two_forwards_by_port() {
  return by_port(
      "two takes + forwards of one result",
      [](stage& s) {
        s.give_subject(subject);
        s.give_subject(subject + 1);
        s.give(subject + 2);
      },
      [](party_ports& ports) {
        for (const std::uint64_t value : {result, result + 1}) {
          detail::taken message{};
          if (take_by_port(ports, message)) forward_by_port(ports, message, value);
        }
      },
      [](const deliveries& got, const burials&, bool complete) -> std::string {
        for (const std::uint64_t n : {0, 1}) {
          if (got.count(subject + n) + got.count(result + n) != 1) {
            return "input " + std::to_string(n) + " and its result are not one";
          }
        }
        if (got.count(result + 1) > got.count(result)) return "the second came alone";
        return expect_between(got, result + 1, complete ? 1 : 0, 1);
      });
}

std::vector<scenario> closed_by_port() {
  std::vector<scenario> all;
  scenario refused = by_port(
      "send into a closed queue",
      [](stage& s) {
        set_up_waiting(s);
        core::close(s.shared->out());
      },
      [](party_ports& ports) { send_by_port(ports, result); },
      [](const deliveries& got, const burials&, bool complete) {
        return expect_between(got, result, 0, complete ? 0 : 1);
      });
  refused.closes_out = true;
  all.push_back(std::move(refused));
  scenario closed = by_port(
      "take + forward into a closed queue",
      [](stage& s) {
        set_up_waiting(s);
        core::close(s.shared->out());
      },
      [](party_ports& ports) {
        detail::taken message{};
        if (take_by_port(ports, message)) forward_by_port(ports, message, result);
      },
      [](const deliveries& got, const burials&, bool) {
        // Killed between its publication and the look at the closed word it was sent, as a send is.
        return judge_forward(got, 1, false);
      });
  closed.closes_out = true;
  all.push_back(std::move(closed));
  return all;
}

}  // namespace

std::vector<scenario> scenarios_by_port() {
  std::vector<scenario> all = closed_by_port();
  all.push_back(by_port(
      "two sends", set_up_waiting,
      [](party_ports& ports) {
        send_by_port(ports, result);
        send_by_port(ports, result + 1);
        ports.worker->out_send.take_back(ports.out.out);
      },
      [](const deliveries& got, const burials&, bool complete) {
        if (got.count(result + 1) > got.count(result)) return std::string("the second came alone");
        auto bad = expect_between(got, result, complete ? 1 : 0, 1);
        return bad.empty() ? expect_between(got, result + 1, complete ? 1 : 0, 1) : bad;
      }));
  all.push_back(by_port(
      "take", set_up_waiting,
      [](party_ports& ports) {
        detail::taken message{};
        static_cast<void>(take_by_port(ports, message));
        ports.worker->in_take.take_back(ports.in.in);
      },
      [](const deliveries& got, const burials&, bool complete) {
        if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
        return complete ? expect_marked(got, subject, 2) : std::string();
      }));
  all.push_back(by_port(
      "take + acknowledge", set_up_waiting,
      [](party_ports& ports) {
        detail::taken message{};
        if (!take_by_port(ports, message) || !ports.in.in.gate.enter()) return;
        static_cast<void>(ports.in.in.free(message));
        ports.in.in.gate.leave();
      },
      [](const deliveries& got, const burials&, bool complete) {
        return expect_between(got, subject, 0, complete ? 0 : 1);
      }));
  all.push_back(by_port(
      "take + forward of one result", set_up_waiting,
      [](party_ports& ports) {
        detail::taken message{};
        if (take_by_port(ports, message)) forward_by_port(ports, message, result);
      },
      [](const deliveries& got, const burials&, bool complete) {
        return judge_forward(got, 1, complete);
      }));
  all.push_back(two_forwards_by_port());
  // The next incarnation takes the same message by the same word, and sends into the same place.
  all.push_back(taken_again_by_port());
  return all;
}

}  // namespace stepper
