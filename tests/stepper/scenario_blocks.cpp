#include <bulkhead/detail/block_port.hpp>
#include <cstring>

#include "stepper/judges.hpp"
#include "stepper/ports.hpp"

// Operations on messages that do not fit a slot: in a block that their place keeps, or in one that
// was lent. Which blocks are free is known to the seat's process only, so beside what a scenario
// says itself the checker has the next incarnation fill all the blocks it finds free.
namespace stepper {
namespace {

namespace detail = bulkhead::detail;

// Every place of the lane has had such a message, and keeps a block.
void warm_up(stage& s, core::producer& lane) {
  const bool in = &lane.queue() == &s.shared->in();
  for (std::uint64_t n = 0; n < lane.queue().ring_slots(); ++n) {
    core::lease l;
    require(send_long(lane, 10'001 + n) == core::outcome::done, "a long message to warm up");
    require((in ? s.survivor.in_take : s.survivor.out_take).take(l), "it is taken");
    core::acknowledge(lane.queue(), l);
  }
}

// The survivor holds one of the worker's messages, in its block.
void set_up_held_block(stage& s) {
  warm_up(s, s.worker.out_send);
  require(send_long(s.worker.out_send, 10'101) == core::outcome::done, "a message to be held");
  core::lease l;
  require(s.survivor.out_take.take(l), "it is held");
  s.survivors_out.push_back(l);
}

// Beside it one waits.
void set_up_lane(stage& s) {
  set_up_held_block(s);
  require(send_long(s.worker.out_send, 10'102) == core::outcome::done, "a message that waits");
  s.bystanders.push_back(10'102);
}

void set_up_input(stage& s) {
  warm_up(s, s.source.in_send);
  require(send_long(s.source.in_send, subject) == core::outcome::done, "the source sends");
  s.give(1002);
}

std::string judge_send(const deliveries& got, const burials&, bool complete) {
  return expect_between(got, result, complete ? 1 : 0, 1);
}

void fill(std::byte* at, std::uint64_t value) {
  const long_payload content = long_payload::of(value);
  std::memcpy(at, &content, sizeof content);
}

// What queue_loan does out of line.
void send_by_loan(core::producer& lane, std::uint64_t value) {
  detail::payload_block block;
  std::byte* at = nullptr;
  if (lane.lend_block(sizeof(long_payload), block, at) != core::outcome::done) return;
  fill(at, value);
  core::place p;
  if (lane.reserve_lent(block, sizeof(long_payload), 0, p) != core::outcome::done) return;
  static_cast<void>(lane.publish(p));
}

void drop_loan(core::producer& lane, std::uint64_t value) {
  detail::payload_block block;
  std::byte* at = nullptr;
  if (lane.lend_block(sizeof(long_payload), block, at) != core::outcome::done) return;
  fill(at, value);
  lane.give_back(block);
}

// What queue<T>::put_beyond does with a port.
void send_by_port(party_ports& ports, std::uint64_t value) {
  detail::queue_out_port& port = ports.out.out;
  detail::payload_block* const block = detail::open_block(port, sizeof(long_payload));
  if (block == nullptr) return;
  fill(port.payload + block->offset(), value);
  if (detail::publish_block(port, *block, sizeof(long_payload), 0))
    static_cast<void>(ports.heed_sent());
}

// What queue_loan does with one.
void send_loan_by_port(party_ports& ports, std::uint64_t value) {
  detail::queue_out_port& port = ports.out.out;
  std::byte* at = nullptr;
  const detail::payload_block block = detail::lend_block(port, sizeof(long_payload), at);
  if (!block.is_there()) return;
  fill(at, value);
  if (!detail::put_block(port, block)) return;
  if (detail::publish_put(port, block, sizeof(long_payload), 0))
    static_cast<void>(ports.heed_sent());
}

scenario by_port(std::string name, std::function<void(party_ports&, std::uint64_t)> send) {
  scenario c;
  c.name = std::move(name);
  c.set_up = [](stage& s) {
    warm_up(s, s.worker.out_send);
    turn_to_lent_places(s);
    set_up_waiting(s);
  };
  c.operate = [send = std::move(send)](stage& s) {
    party_ports ports(s);
    send(ports, result);
    ports.worker->out_send.take_back(ports.out.out);
  };
  c.judge = judge_send;
  return c;
}

std::vector<scenario> sends() {
  const auto no_setup = [](stage&) {};
  scenario plain{"send in a block", set_up_lane,
                 [](stage& s) { send_long(s.worker.out_send, result); }, judge_send};
  scenario first = plain;
  first.name = "a lane's first send in a block";
  first.set_up = no_setup;
  scenario lent{"send of a loan", set_up_lane,
                [](stage& s) { send_by_loan(s.worker.out_send, result); }, judge_send};
  scenario dropped{"a loan that is dropped", set_up_lane,
                   [](stage& s) { drop_loan(s.worker.out_send, result); },
                   [](const deliveries& got, const burials&, bool) {
                     return expect_between(got, result, 0, 0);
                   }};
  return {plain, first, lent, dropped};
}

std::vector<scenario> takes() {
  scenario acknowledged{"take + acknowledge of a message in a block", set_up_input,
                        [](stage& s) {
                          if (s.worker.in_take.take(s.held)) {
                            core::acknowledge(s.shared->in(), s.held);
                          }
                        },
                        [](const deliveries& got, const burials&, bool complete) {
                          return expect_between(got, subject, 0, complete ? 0 : 1);
                        }};
  scenario forwarded{"take + forward of two results in blocks",
                     [](stage& s) {
                       set_up_held_block(s);
                       set_up_input(s);
                     },
                     [](stage& s) {
                       if (s.worker.in_take.take(s.held)) {
                         forward_long(s.shared->in(), s.held, s.worker.out_send, result, 2);
                       }
                     },
                     [](const deliveries& got, const burials&, bool complete) {
                       return judge_forward(got, 2, complete);
                     }};
  return {acknowledged, forwarded};
}

}  // namespace

std::vector<scenario> scenarios_with_blocks() {
  std::vector<scenario> all = sends();
  for (scenario& one : takes()) all.push_back(std::move(one));
  all.push_back(by_port("send in a block by the port", send_by_port));
  all.push_back(by_port("send of a loan by the port", send_loan_by_port));
  for (scenario& one : all) {
    one.name = "blocks: " + one.name;
    one.blocks = true;
  }
  return all;
}

}  // namespace stepper
