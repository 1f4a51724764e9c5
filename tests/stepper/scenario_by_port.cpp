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
  if (port.publish(place, sizeof(payload))) ports.heed_sent();
}

bool take_by_port(party_ports& ports, detail::taken& message) {
  return ports.in.in.take(message, false);
}

void forward_by_port(party_ports& ports, const detail::taken& message) {
  detail::queue_place* const place = ports.out.out.open(sizeof(payload));
  if (place == nullptr || !ports.in.in.gate.enter()) return;
  const payload content = payload::of(result);
  std::memcpy(place->payload, &content, sizeof content);
  static_cast<void>(detail::forward_inside(ports.in.in, message, ports.out.out, sizeof(payload)));
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
        if (take_by_port(ports, message)) forward_by_port(ports, message);
      },
      [](const deliveries& got, const burials&, bool) {
        if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
        return expect_between(got, result, 0, 0);
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
        if (take_by_port(ports, message)) forward_by_port(ports, message);
      },
      [](const deliveries& got, const burials&, bool complete) {
        return judge_forward(got, 1, complete);
      }));
  return all;
}

}  // namespace stepper
