#include "stepper/checker.hpp"

#include <algorithm>

#include "core/closing.hpp"
#include "support/credit_census.hpp"

namespace stepper {
namespace {

constexpr int messages_max =
    200;  // more than all queues hold: whoever takes more than that goes round in circles

}  // namespace

void checker::note_marks() {
  for (const core::queue_view* queue : {&now_.shared->in(), &now_.shared->out()}) {
    for (std::uint32_t lane = 0; lane < world::seats; ++lane) {
      for (std::uint32_t index = 0; index < queue->ring_slots(); ++index) {
        const core::slot_word w = queue->slot_at(lane, index).load(std::memory_order_acquire);
        if (w.is(core::slot_state::free) || (!w.is(core::slot_state::ready) && w.owner() != 1))
          continue;
        marks_[{queue->header().id, lane, core::make_position(w.lap(), index)}] =
            std::min(w.deliveries() + 1, core::deliveries_max);
      }
    }
  }
}

bool checker::look(const core::queue_view& queue, core::consumer& taker,
                   std::vector<core::lease>& held) {
  core::lease l;
  if (!taker.take(l)) return false;
  held.push_back(l);
  complain(deliver(queue, l, false));
  return true;
}

void checker::survivor_looks() {
  look(now_.shared->in(), now_.survivor.in_take, now_.survivors_in);
  look(now_.shared->out(), now_.survivor.out_take, now_.survivors_out);
}

// One message that came out: whole, marked as it must be, not seen before, and, unless it came
// while messages of the dead were still out, after the older ones of its lane.
std::string checker::deliver(const core::queue_view& queue, const core::lease& l, bool in_order) {
  const payload p = read(queue, l);
  const std::string name = "message " + std::to_string(p.value);
  if (!p.whole()) return "a torn message";
  const place at{queue.header().id, l.lane, l.position};
  got_.emplace(p.value, l.deliveries());
  if (!seen_.emplace(at, p.value).second) return name + " came out twice";
  // A message that a recovery made visible, or that none had taken yet, is in its first delivery.
  const auto mark = marks_.find(at);
  const std::uint32_t expected = mark == marks_.end() ? 1 : mark->second;
  if (l.deliveries() != expected) {
    return name + " is marked as delivery " + std::to_string(l.deliveries()) + ", not " +
           std::to_string(expected);
  }
  if (l.deliveries() == 1) {
    const auto [last, first] = last_first_.try_emplace({at.queue, l.lane}, l.position);
    if (!first && core::before(l.position, last->second)) return name + " overtook an older one";
    last->second = l.position;
  }
  if (in_order) {
    const auto [last, first] = last_.try_emplace({at.queue, l.lane}, l.position);
    if (!first && core::before(l.position, last->second)) return name + " came after a younger one";
    last->second = l.position;
  }
  const bool new_one =
      std::find(now_.bystanders.begin(), now_.bystanders.end(), p.value) == now_.bystanders.end() &&
      p.value > 20'000;
  if (new_one && l.lane == 1) ++(&queue == &now_.shared->in() ? from_worker_in_ : from_worker_out_);
  return {};
}

void checker::drain(const core::queue_view& queue, core::consumer& taker) {
  core::lease l;
  for (int n = 0; taker.take(l); ++n) {
    if (n == messages_max) return complain("there is no end of messages");
    complain(deliver(queue, l, true));
    core::acknowledge(queue, l);
  }
  const core::census left = core::count_messages(queue, 2);
  if (left.waiting != 0) complain("a message waits and nobody is given it");
}

void checker::acknowledge_held() {
  const auto acknowledge = [this](const core::queue_view& queue, const core::lease& l) {
    if (!read(queue, l).whole()) complain("a message that is held was overwritten");
    core::acknowledge(queue, l);
  };
  for (const core::lease& l : now_.survivors_in) acknowledge(now_.shared->in(), l);
  for (const core::lease& l : now_.survivors_out) acknowledge(now_.shared->out(), l);
  for (const core::queue_view* queue : {&now_.shared->in(), &now_.shared->out()}) {
    if (core::count_messages(*queue, 2).held != 0) complain("a dead process still holds a message");
  }
}

// An empty lane takes `capacity` messages, not one more, and gives them out in order.
std::string checker::check_lane(core::producer& lane, core::consumer& taker) {
  const std::uint64_t sent = lane.sent();
  for (std::uint64_t n = 0; n < world::capacity; ++n) {
    if (send(lane, 90'000 + n) != core::outcome::done)
      return "an empty lane does not take `capacity` messages";
  }
  if (send(lane, 99'999) != core::outcome::full)
    return "a lane takes more than `capacity` messages";
  if (lane.sent() != sent + world::capacity) return "sent() does not count what was sent";
  for (std::uint64_t n = 0; n < world::capacity; ++n) {
    core::lease l;
    if (!taker.take(l)) return "a message sent after the recovery does not come out";
    const payload p = read(lane.queue(), l);
    if (!p.whole() || p.value != 90'000 + n || l.lane != lane.seat() || l.deliveries() != 1) {
      return "a message sent after the recovery comes out wrong";
    }
    core::acknowledge(lane.queue(), l);
  }
  core::lease none;
  return taker.take(none) ? "a message came out that nobody sent" : "";
}

std::string checker::check_next_incarnation() {
  party next(*now_.shared, 1, 1);
  if (next.in_send.sent() != before_->worker.in_send.sent() + from_worker_in_ ||
      next.out_send.sent() != before_->worker.out_send.sent() + from_worker_out_) {
    return "sent() of the next incarnation is not what was delivered from its seat";
  }
  const bool open = now_.shared->in().header().signs.closed.load() == core::closed_state::open;
  if (open) {
    for (core::producer* lane : {&now_.source.in_send, &next.in_send}) {
      for (core::consumer* taker : {&now_.survivor.in_take, &next.in_take}) {
        if (auto bad = check_lane(*lane, *taker); !bad.empty()) return bad;
      }
    }
  } else if (send(next.in_send, 1) != core::outcome::closed) {
    return "the next incarnation sends into a closed queue";
  }
  if (what_.closes_out) {
    return send(next.out_send, 1) == core::outcome::closed ? "" : "a closed queue takes a message";
  }
  if (auto bad = check_lane(next.out_send, now_.survivor.out_take); !bad.empty()) return bad;
  return check_lane(next.out_send, next.out_take);
}

// In every state no more messages and claims than the total, and a credit for each.
void checker::complain_of_credits() {
  if (what_.total == 0) return;
  const core::queue_view& in = now_.shared->in();
  const core::queue_view& out = now_.shared->out();
  for (const core::queue_view* queue : {&in, &out}) {
    const auto bad = support::count_credits(*queue, {&in, &out}).trouble(what_.total);
    if (!bad.empty()) complain(bad);
  }
}

// Where nothing is under way, every credit is free: none leaks.
void checker::complain_of_leaks() {
  if (what_.total == 0) return;
  for (const core::queue_view* queue : {&now_.shared->in(), &now_.shared->out()}) {
    const auto now = support::count_credits(*queue, {});
    if (now.free != what_.total) {
      complain("only " + std::to_string(now.free) + " credits of an empty queue are free");
    }
  }
}

// Blocks of messages that wait are not free to the next incarnation, which finds out where they
// lie.
void checker::fill_blocks() {
  if (!what_.blocks) return;
  party next(*now_.shared, 1, 1);
  std::uint64_t sent = 0;
  while (send_long(next.out_send, 80'000 + sent) == core::outcome::done) ++sent;
  if (sent == 0) complain("the next incarnation finds no room for a message in a block");
}

std::string checker::check(bool complete) {
  complain_of_credits();
  fill_blocks();
  drain(now_.shared->in(), now_.survivor.in_take);
  drain(now_.shared->out(), now_.survivor.out_take);
  acknowledge_held();
  complain_of_leaks();
  burials buried;
  for (const auto& [value, attempts] : read_letters(*now_.shared)) {
    ++buried[value];
    if (value == 0) complain("a torn dead letter");
    if (attempts != what_.letter_attempts)
      complain("a dead letter with " + std::to_string(attempts) + " attempts");
  }
  for (const std::uint64_t value : now_.bystanders) {
    // The survivor holds the first ones from before the crash.
    std::size_t count = got_.count(value);
    for (const core::lease& l : before_->survivors_in)
      count += read(now_.shared->in(), l).value == value;
    if (count != 1)
      complain("bystander " + std::to_string(value) + " came out " + std::to_string(count) +
               " times");
  }
  if (!trouble_.empty()) return trouble_;
  for (const auto& [value, delivery] : got_) {
    if (value < 1000) return "message " + std::to_string(value) + " of long ago came out again";
  }
  if (auto bad = what_.judge(got_, buried, complete); !bad.empty()) return bad;
  const bool ended = core::is_over_for(now_.shared->in(), 2);
  if (complete && what_.closes_in && !ended) return "the closed and drained queue does not end";
  if (what_.closes_out && !core::is_over_for(now_.shared->out(), 2))
    return "the closed queue does not end";
  if (!complete && what_.closes_in && !ended &&
      now_.shared->in().header().signs.closed.load() != core::closed_state::open) {
    return "a close that had begun is not finished";
  }
  return check_next_incarnation();
}

}  // namespace stepper
