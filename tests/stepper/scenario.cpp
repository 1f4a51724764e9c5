#include "stepper/scenario.hpp"

#include "core/closing.hpp"
#include "stepper/judges.hpp"

namespace stepper {
namespace {

// The source's three messages: the subject in the worker's hand, one in the survivor's, one that
// waits.
void set_up_held(stage& s) {
  s.give_subject(subject);
  s.give(1002);
  s.give(1003);
  s.worker_takes();
  s.survivor_takes();
}

void close_out(stage& s) { core::close(s.shared->out()); }

// A sent message is there at most once, and once when send had returned.
std::string judge_send(const deliveries& got, const burials&, bool complete) {
  return expect_between(got, result, complete ? 1 : 0, 1);
}

std::string judge_refused_send(const deliveries& got, const burials&, bool complete) {
  return expect_between(got, result, 0, complete ? 0 : 1);
}

std::string judge_take(const deliveries& got, const burials&, bool complete) {
  if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
  return complete ? expect_marked(got, subject, 2) : "";
}

std::string judge_release(const deliveries& got, const burials&, bool) {
  if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
  return expect_marked(got, subject, 2);
}

std::string judge_acknowledge(const deliveries& got, const burials&, bool complete) {
  if (auto bad = expect_between(got, subject, 0, complete ? 0 : 1); !bad.empty()) return bad;
  return expect_marked(got, subject, 2);
}

scenario forward_case(std::string name, std::size_t results) {
  scenario c;
  c.name = std::move(name);
  c.set_up = set_up_waiting;
  c.operate = [results](stage& s) {
    if (s.worker.in_take.take(s.held)) {
      forward(s.shared->in(), s.held, s.worker.out_send, result, results, 0);
    }
  };
  c.judge = [results](const deliveries& got, const burials&, bool complete) {
    return judge_forward(got, results, complete);
  };
  return c;
}

// The next place of the lane is one that the survivor still holds from a lap before.
void hold_next_place(stage& s, std::size_t behind) {
  const std::uint32_t slots = s.shared->out().ring_slots();
  require(send(s.worker.out_send, 10'001) == core::outcome::done, "a held message");
  core::lease l;
  require(s.survivor.out_take.take(l), "the held message is taken");
  s.survivors_out.push_back(l);
  s.turn_lane(s.worker.out_send, 10'002, slots - 1 - behind);
}

scenario forward_over_held() {
  scenario c = forward_case("take + forward of three results around a held place", 3);
  c.set_up = [](stage& s) {
    hold_next_place(s, 1);
    set_up_waiting(s);
  };
  return c;
}

scenario forward_closed() {
  scenario c = forward_case("forward into a closed queue", 3);
  c.set_up = [](stage& s) {
    set_up_held(s);
    close_out(s);
  };
  c.operate = [](stage& s) { forward(s.shared->in(), s.held, s.worker.out_send, result, 3, 0); };
  c.judge = [](const deliveries& got, const burials&, bool) {
    if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
    for (std::uint64_t n = 0; n < 3; ++n) {
      if (auto bad = expect_between(got, result + n, 0, 0); !bad.empty()) return bad;
    }
    return expect_marked(got, subject, 2);
  };
  c.closes_out = true;
  return c;
}

scenario forward_to_own_queue() {
  scenario c = forward_case("take + forward of three results into the same queue", 3);
  c.operate = [](stage& s) {
    if (s.worker.in_take.take(s.held))
      forward(s.shared->in(), s.held, s.worker.in_send, result, 3, 0);
  };
  return c;
}

scenario forward_in_full_lane() {
  scenario c = forward_case("forward into the own full lane that the input came from", 1);
  c.set_up = [](stage& s) {
    require(send(s.worker.in_send, subject) == core::outcome::done, "the worker sends to itself");
    for (std::uint64_t v = subject + 1; v < subject + world::capacity; ++v) {
      require(send(s.worker.in_send, v) == core::outcome::done, "the worker fills its lane");
      s.bystanders.push_back(v);
    }
    s.worker_takes();
    s.survivor_takes();
  };
  c.operate = [](stage& s) { forward(s.shared->in(), s.held, s.worker.in_send, result, 1, 1); };
  return c;
}

// Two inputs and, in two queues, three results.
scenario forward_several() {
  scenario c;
  c.name = "take of two + forward of both into two queues";
  c.set_up = [](stage& s) {
    s.give_subject(subject);
    s.give_subject(subject + 1);
    s.give(subject + 2);
  };
  c.operate = [](stage& s) {
    if (!s.worker.in_take.take(s.held) || !s.worker.in_take.take(s.held_too)) return;
    const core::forward_input inputs[] = {{&s.shared->in(), s.held}, {&s.shared->in(), s.held_too}};
    const output outputs[] = {{&s.worker.in_send, result, 1}, {&s.worker.out_send, result + 1, 2}};
    forward(inputs, outputs);
  };
  c.judge = [](const deliveries& got, const burials&, bool complete) -> std::string {
    if (got.count(subject) != got.count(subject + 1))
      return "one input is settled without the other";
    return judge_forward(got, 3, complete);
  };
  return c;
}

scenario drop_oldest() {
  constexpr std::uint64_t oldest = 10'100;
  scenario c;
  c.name = "drop of the sender's oldest";
  c.set_up = [](stage& s) {
    require(send(s.worker.out_send, oldest) == core::outcome::done, "the oldest");
    require(send(s.worker.out_send, oldest + 1) == core::outcome::done, "the next");
    s.bystanders.push_back(oldest + 1);
  };
  c.operate = [](stage& s) { require(s.worker.out_send.drop_oldest(), "there is one to drop"); };
  c.judge = [](const deliveries& got, const burials&, bool complete) {
    return expect_between(got, oldest, 0, complete ? 0 : 1);
  };
  return c;
}

std::vector<scenario> sends() {
  scenario plain{"send", [](stage&) {}, [](stage& s) { send(s.worker.out_send, result); },
                 judge_send};
  scenario over = plain;
  over.name = "send around a held place";
  over.set_up = [](stage& s) { hold_next_place(s, 0); };
  scenario lap = plain;
  lap.name = "send at the beginning of a lap";
  lap.set_up = [](stage& s) {
    for (std::uint64_t v = 10'001; core::index_of(s.worker.out_send.staged_first()) != 0; ++v) {
      s.turn_lane(s.worker.out_send, v, 1);
    }
  };
  scenario refused = plain;
  refused.name = "send into a closed queue";
  refused.set_up = close_out;
  refused.judge = judge_refused_send;
  refused.closes_out = true;
  return {plain, over, lap, refused};
}

std::vector<scenario> settlements() {
  scenario take{"take", set_up_waiting,
                [](stage& s) { static_cast<void>(s.worker.in_take.take(s.held)); }, judge_take};
  scenario acknowledge{"acknowledge", set_up_held,
                       [](stage& s) { core::acknowledge(s.shared->in(), s.held); },
                       judge_acknowledge};
  scenario release{"release", set_up_held, [](stage& s) { core::release(s.shared->in(), s.held); },
                   judge_release};
  scenario poison = take;
  poison.name = "take of a message that has no attempt left";
  poison.max_attempts = 1;
  poison.own_doing = true;
  poison.judge = [](const deliveries& got, const burials& buried, bool complete) -> std::string {
    const std::size_t letters = buried.contains(subject) ? buried.at(subject) : 0;
    if (got.count(subject) + letters != 1)
      return "the message is not exactly once delivered or buried";
    if (complete && letters != 1) return "the message was not buried";
    return expect_marked(got, subject, 1);
  };
  scenario reject{"reject", set_up_held, [](stage& s) { core::set_aside(s.shared->in(), s.held); },
                  [](const deliveries& got, const burials& buried, bool complete) -> std::string {
                    const std::size_t letters = buried.contains(subject) ? buried.at(subject) : 0;
                    if (got.count(subject) + letters != 1)
                      return "the message is not exactly once delivered or buried";
                    return complete && letters != 1 ? "the message was not buried" : "";
                  }};
  reject.max_attempts = 5;
  reject.letter_attempts = 0;
  scenario close{"close", set_up_held, [](stage& s) { core::close(s.shared->in()); },
                 judge_release};
  close.closes_in = true;
  return {take, acknowledge, release, poison, reject, close};
}

}  // namespace

std::vector<scenario> all_scenarios() {
  std::vector<scenario> all = sends();
  for (scenario& s : settlements()) all.push_back(std::move(s));
  all.push_back(forward_case("take + forward of one result", 1));
  all.push_back(forward_case("take + forward of three results", 3));
  all.push_back(forward_over_held());
  all.push_back(forward_to_own_queue());
  all.push_back(forward_in_full_lane());
  all.push_back(forward_closed());
  all.push_back(forward_several());
  all.push_back(drop_oldest());
  for (scenario& one : scenarios_by_port()) all.push_back(std::move(one));
  for (scenario& one : scenarios_with_total()) all.push_back(std::move(one));
  for (scenario& one : scenarios_with_blocks()) all.push_back(std::move(one));
  return all;
}

}  // namespace stepper
