#include "core/closing.hpp"
#include "stepper/judges.hpp"
#include "stepper/scenario.hpp"

// Operations in queues with a total: where each message needs a credit that no crash may lose or
// double. Beside what a scenario says itself, the checker counts all credits.
namespace stepper {
namespace {

constexpr std::uint32_t total = world::capacity;

// Of the queue's four places as many are free as the operation needs.
void fill_in(stage& s, std::size_t messages) {
  s.give_subject(subject);
  for (std::uint64_t n = 1; n < messages; ++n) s.give(subject + n);
}

void fill_out(stage& s, std::size_t messages) {
  for (std::uint64_t n = 0; n < messages; ++n) {
    require(send(s.survivor.out_send, 10'001 + n) == core::outcome::done, "the queue fills");
    s.bystanders.push_back(10'001 + n);
  }
}

// As forward_step does: what the inputs free counts as free in their own queue.
void forward_inside(stage& s, std::span<const core::lease> held, std::size_t results) {
  std::vector<core::forward_input> inputs;
  for (const core::lease& l : held) {
    inputs.push_back({&s.shared->in(), l});
    s.worker.in_send.inherit(l.lane, l.position);
  }
  const output outputs[] = {{&s.worker.in_send, result, results}};
  require(forward(inputs, outputs) == core::outcome::done, "there is room for the results");
}

scenario send_case() {
  scenario c;
  c.name = "total: send into the last free place";
  c.set_up = [](stage& s) { fill_out(s, total - 1); };
  c.operate = [](stage& s) { send(s.worker.out_send, result); };
  c.judge = [](const deliveries& got, const burials&, bool complete) {
    return expect_between(got, result, complete ? 1 : 0, 1);
  };
  return c;
}

scenario full_case() {
  scenario c = send_case();
  c.name = "total: send into a full queue";
  c.set_up = [](stage& s) { fill_out(s, total); };
  c.judge = [](const deliveries& got, const burials&, bool) {
    return expect_between(got, result, 0, 0);
  };
  return c;
}

scenario given_up_case() {
  scenario c = full_case();
  c.name = "total: send that is given up";
  c.set_up = [](stage& s) { fill_out(s, total - 1); };
  c.operate = [](stage& s) {
    core::place p;
    require(s.worker.out_send.reserve(sizeof(payload), p) == core::outcome::done, "a place");
    s.worker.out_send.give_up();
  };
  return c;
}

// The word of the next place is a lap behind, as the producer stepped over it.
scenario stepped_over_case() {
  scenario c = send_case();
  c.name = "total: send into a place that was stepped over";
  c.set_up = [](stage& s) {
    const std::uint32_t slots = s.shared->out().ring_slots();
    require(send(s.worker.out_send, 10'001) == core::outcome::done, "a held message");
    core::lease held;
    require(s.survivor.out_take.take(held), "it is taken");
    s.turn_lane(s.worker.out_send, 10'002, slots);
    core::acknowledge(s.shared->out(), held);
    for (std::uint64_t v = 10'100;
         core::index_of(s.worker.out_send.staged_first()) != core::index_of(held.position); ++v) {
      s.turn_lane(s.worker.out_send, v, 1);
    }
    for (std::uint64_t n = 0; n < total - 1; ++n) {
      require(send(s.survivor.out_send, 10'301 + n) == core::outcome::done, "the queue fills");
      s.bystanders.push_back(10'301 + n);
    }
  };
  return c;
}

scenario acknowledge_case() {
  scenario c;
  c.name = "total: take + acknowledge in a full queue";
  c.set_up = [](stage& s) { fill_in(s, total); };
  c.operate = [](stage& s) {
    if (s.worker.in_take.take(s.held)) core::acknowledge(s.shared->in(), s.held);
  };
  c.judge = [](const deliveries& got, const burials&, bool complete) {
    return expect_between(got, subject, 0, complete ? 0 : 1);
  };
  return c;
}

scenario poison_case() {
  scenario c = acknowledge_case();
  c.name = "total: take of a message that has no attempt left";
  c.max_attempts = 1;
  c.own_doing = true;
  c.operate = [](stage& s) { static_cast<void>(s.worker.in_take.take(s.held)); };
  c.judge = [](const deliveries& got, const burials& buried, bool complete) -> std::string {
    const std::size_t letters = buried.contains(subject) ? buried.at(subject) : 0;
    if (got.count(subject) + letters != 1) return "it is not exactly once delivered or buried";
    return complete && letters != 1 ? "the message was not buried" : "";
  };
  return c;
}

scenario drop_case() {
  static constexpr std::uint64_t oldest = 10'100;
  scenario c;
  c.name = "total: drop of the sender's oldest, and send";
  c.set_up = [](stage& s) {
    require(send(s.worker.out_send, oldest) == core::outcome::done, "the oldest");
    fill_out(s, total - 1);
  };
  c.operate = [](stage& s) {
    require(send(s.worker.out_send, result) == core::outcome::full, "it is full");
    require(s.worker.out_send.drop_oldest(), "there is one to drop");
    send(s.worker.out_send, result);
  };
  c.judge = [](const deliveries& got, const burials&, bool complete) {
    if (auto bad = expect_between(got, oldest, 0, complete ? 0 : 1); !bad.empty()) return bad;
    return expect_between(got, result, complete ? 1 : 0, got.count(oldest) == 0 ? 1 : 0);
  };
  return c;
}

scenario forward_case(std::string name, std::size_t there, std::size_t results) {
  scenario c;
  c.name = "total: " + std::move(name);
  c.set_up = [there](stage& s) { fill_in(s, there); };
  c.operate = [results](stage& s) {
    if (s.worker.in_take.take(s.held)) forward_inside(s, {&s.held, 1}, results);
  };
  c.judge = [results](const deliveries& got, const burials&, bool complete) {
    return judge_forward(got, results, complete);
  };
  return c;
}

scenario forward_out_case() {
  scenario c = forward_case("forward of three results into another full-to-be queue", total, 3);
  c.set_up = [](stage& s) {
    fill_in(s, total);
    fill_out(s, total - 3);
  };
  c.operate = [](stage& s) {
    if (s.worker.in_take.take(s.held))
      forward(s.shared->in(), s.held, s.worker.out_send, result, 3, 0);
  };
  return c;
}

// Two inputs of one lane, one of them in a place that the results step over.
scenario forward_two_case() {
  scenario c = forward_case("forward of two inputs to three results around one of them", 1, 3);
  c.set_up = [](stage& s) {
    require(send(s.worker.in_send, subject) == core::outcome::done, "the worker sends to itself");
    s.worker_takes();
    const std::uint32_t slots = s.shared->in().ring_slots();
    s.turn_lane(s.worker.in_send, 10'001, slots - 2);
    s.give_subject(subject + 1);
    require(s.worker.in_take.take(s.held_too), "the worker takes the second");
    s.give(subject + 2);
  };
  c.operate = [](stage& s) {
    const core::lease held[] = {s.held, s.held_too};
    forward_inside(s, held, 3);
  };
  c.judge = [](const deliveries& got, const burials&, bool complete) -> std::string {
    if (got.count(subject) != got.count(subject + 1))
      return "one input is settled without the other";
    return judge_forward(got, 3, complete);
  };
  return c;
}

scenario forward_closed_case() {
  scenario c = forward_case("forward into its own closed queue", 2, 2);
  c.operate = [](stage& s) {
    if (!s.worker.in_take.take(s.held)) return;
    s.worker.in_send.inherit(s.held.lane, s.held.position);
    forward(s.shared->in(), s.held, s.worker.in_send, result, 2, 0);
  };
  c.set_up = [](stage& s) {
    fill_in(s, 2);
    core::close(s.shared->in());
  };
  c.judge = [](const deliveries& got, const burials&, bool) {
    if (auto bad = expect_between(got, subject, 1, 1); !bad.empty()) return bad;
    return expect_between(got, result, 0, 0);
  };
  c.closes_in = true;
  return c;
}

}  // namespace

std::vector<scenario> scenarios_with_total() {
  std::vector<scenario> all{
      send_case(),
      full_case(),
      given_up_case(),
      stepped_over_case(),
      acknowledge_case(),
      poison_case(),
      drop_case(),
      forward_case("take + forward of one result into the same full queue", total, 1),
      forward_case("take + forward of three results into the same queue", total - 2, 3),
      forward_out_case(),
      forward_two_case(),
      forward_closed_case(),
  };
  for (scenario& c : all) c.total = total;
  return all;
}

}  // namespace stepper
