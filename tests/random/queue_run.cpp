#include "random/queue_run.hpp"

#include <bulkhead/overflow.hpp>

#include "random/failure.hpp"

namespace random_test {

using core::outcome;
using where = model_message::where;

queue_run::queue_run(std::uint64_t seed) : dice_(seed) {
  calm_ = dice_.one_in(2);
  closes_ = dice_.one_in(4);
  const std::uint64_t laps[] = {0, 1, core::lap_mask - 3, core::lap_mask / 2};
  for (std::uint64_t id = 1; id <= 2; ++id) {
    core::queue_shape letters = queue_core::small(1 + static_cast<std::uint32_t>(dice_.below(4)));
    letters.payload_bytes = 65536;
    houses_.emplace_back(random_shape(), letters, id, laps[dice_.below(4)]);
  }
  for (std::uint32_t who = 0; who < processes; ++who) {
    process p;
    for (std::size_t h = 0; h < houses_.size(); ++h) {
      p.lanes.push_back(houses_[h].q.sender(seat_of(who, h)));
      p.takers.push_back(houses_[h].q.receiver(seat_of(who, h)));
      houses_[h].model.sent[seat_of(who, h)] = p.lanes.back().sent();
    }
    people_.push_back(std::move(p));
  }
}

core::queue_shape queue_run::random_shape() {
  auto shape = queue_core::small(1 + static_cast<std::uint32_t>(dice_.below(20)), processes);
  shape.payload_bytes = 8192;
  shape.max_attempts = static_cast<std::uint32_t>(dice_.below(4));
  shape.max_deliveries = dice_.one_in(2) ? 0 : static_cast<std::uint32_t>(1 + dice_.below(12));
  shape.overflow = static_cast<std::uint32_t>(dice_.below(4));
  shape.total = dice_.one_in(2) ? 0 : static_cast<std::uint32_t>(1 + dice_.below(24));
  return shape;
}

const core::queue_view* queue_run::find(std::uint64_t id) {
  return id >= 1 && id <= houses_.size() ? &houses_[id - 1].q.view() : nullptr;
}

std::string queue_run::new_text() {
  const std::size_t size = dice_.one_in(8) ? 17 + dice_.below(600) : 0;
  std::string text = std::to_string(++texts_) + ":";
  while (text.size() < size) text += static_cast<char>('a' + dice_.below(26));
  return text;
}

model_message& queue_run::model_of(const held& h) {
  auto* m = houses_[h.house].model.held(h.lease.lane, h.lease.position);
  expect(m != nullptr, "a lease of a message that nobody should hold");
  return *m;
}

void queue_run::step() {
  const auto who = static_cast<std::uint32_t>(dice_.below(processes));
  const std::uint64_t what = dice_.below(24);
  if (what < 6) return send(who);
  if (what < 11) return take(who);
  if (what < 15) return settle(who);
  if (what < 18) return forward(who);
  if (what == 18) return dice_.one_in(calm_ ? 6 : 1) ? die(who) : check(who);
  if (what == 19) return take_over(who);
  if (what == 20) {
    const std::size_t h = any_house();
    people_[who].takers[h] = houses_[h].q.receiver(seat_of(who, h));
    return;
  }
  if (what == 21) return bury_again();
  if (what == 22) return read_letters();
  if (closes_ && dice_.one_in(200)) return close(any_house());
  check(who);
}

// -- sending
// ---------------------------------------------------------------------------------------

void queue_run::send(std::uint32_t who) {
  if (dice_.one_in(6)) return use_loan(who);
  const std::size_t h = any_house();
  queue_model& model = houses_[h].model;
  core::producer& lane = people_[who].lanes[h];
  const std::uint32_t seat = lane.seat();
  const std::string text = new_text();
  const std::uint64_t there = model.lanes[seat].size();
  core::place p;
  const outcome found = lane.reserve(text.size(), p);
  if (found != outcome::done) {
    expect(found == outcome::full, "a send failed");
    const bool full = there >= model.shape.capacity || model.is_beyond_total(1);
    expect(full || text.size() > model.shape.inline_bytes, "a lane is full too early");
    if (full) make_way(who, h, text);
    return;
  }
  expect(there < model.shape.capacity, "a lane holds more than its capacity");
  expect(!model.is_beyond_total(1), "a queue holds more than its total");
  std::memcpy(p.bytes, text.data(), text.size());
  if (closes_ && dice_.one_in(2000)) close(h);  // between the two halves of a send
  const outcome sent = lane.publish(p);
  expect(sent == (model.closed ? outcome::closed : outcome::done), "a send ended in another way");
  if (sent == outcome::done) model.add(seat, text);
  expect(lane.sent() == model.sent[seat], "sent() is wrong");
}

// The overflow policy of a full lane. That a receiver must never take what was dropped is seen by
// its order.
void queue_run::make_way(std::uint32_t who, std::size_t h, const std::string& text) {
  queue_model& model = houses_[h].model;
  core::producer& lane = people_[who].lanes[h];
  if (model.shape.overflow != static_cast<std::uint32_t>(bulkhead::overflow::drop_oldest)) return;
  const bool dropped = lane.drop_oldest();
  model_message* oldest = model.oldest_waiting(lane.seat());
  expect(dropped == (oldest != nullptr), "drop_oldest found another message than it should");
  if (!dropped) return;
  model.remove(lane.seat(), oldest);
  core::place p;
  const outcome found = lane.reserve(text.size(), p);
  expect(found == outcome::done || text.size() > model.shape.inline_bytes,
         "there is no room where the oldest was dropped");
  lane.give_up();
  check(who);
}

// -- receiving
// -------------------------------------------------------------------------------------

void queue_run::take(std::uint32_t who) {
  const std::size_t h = any_house();
  house& there = houses_[h];
  const auto l = there.q.take(people_[who].takers[h]);
  if (!l) {
    expect(there.model.waiting == 0, "a waiting message was not found");
    return;
  }
  model_message* m = there.model.oldest_waiting(l->lane);
  expect(m != nullptr, "a message came that is not there");
  expect(there.q.text(*l) == m->text, "another message came than the oldest of its lane");
  expect(m->position == 0 || m->position == l->position, "a message changed its name");
  m->position = l->position;
  m->deliveries = std::min(m->deliveries + 1, core::deliveries_max);
  expect(l->deliveries() == m->deliveries, "a delivery has another mark");
  there.model.move(*m, where::held);
  m->holder = seat_of(who, h);
  people_[who].leases.push_back({h, *l});
}

void queue_run::settle(std::uint32_t who) {
  auto& leases = people_[who].leases;
  if (leases.empty()) return;
  const std::size_t which = calm_ ? leases.size() - 1 : dice_.below(leases.size());
  const held h = leases[which];
  leases.erase(leases.begin() + static_cast<std::ptrdiff_t>(which));
  expect(houses_[h.house].q.text(h.lease) == model_of(h).text, "a leased message changed");
  const std::uint64_t how = dice_.below(8);
  if (how < 5) return acknowledge(h);
  if (how < 7) return give_back(h);
  reject(h);
}

void queue_run::acknowledge(const held& h) {
  const model_message& m = model_of(h);
  core::acknowledge(houses_[h.house].q.view(), h.lease);
  houses_[h.house].model.remove(h.lease.lane, &m);
}

// As queue_state::release does.
void queue_run::give_back(const held& h) {
  queue_model& model = houses_[h.house].model;
  model_message& m = model_of(h);
  if (model.shape.max_deliveries == 0 || m.deliveries < model.shape.max_deliveries) {
    core::release(houses_[h.house].q.view(), h.lease);
    return model.move(m, where::waiting);
  }
  core::set_aside(houses_[h.house].q.view(), h.lease);
  model.move(m, where::aside);
}

void queue_run::reject(const held& h) {
  house& there = houses_[h.house];
  model_message& m = model_of(h);
  core::set_aside(there.q.view(), h.lease);
  there.model.move(m, where::aside);
  // Where the process dies before the keeper hears of it, there is no note.
  if (!dice_.one_in(3)) there.note(h.lease.lane, h.lease.position, "no use: " + m.text);
}

void queue_run::check(std::uint32_t who) {
  for (std::size_t h = 0; h < houses_.size(); ++h) houses_[h].check(seat_of(who, h));
}

void queue_run::close(std::size_t h) {
  core::close(houses_[h].q.view());
  houses_[h].model.closed = true;
}

// -- forward
// ---------------------------------------------------------------------------------------

void queue_run::forward(std::uint32_t who) {
  process& me = people_[who];
  if (me.leases.empty()) return;
  const std::size_t most = std::min<std::size_t>(me.leases.size(), core::forward_inputs_max);
  const std::size_t count = dice_.one_in(2) ? 1 : 1 + dice_.below(most);
  const std::vector<held> inputs(me.leases.end() - static_cast<std::ptrdiff_t>(count),
                                 me.leases.end());
  bool into[2] = {};
  std::vector<std::string> results[2];
  for (std::size_t h = 0; h < 2; ++h) {
    into[h] = dice_.one_in(2);
    if (into[h]) results[h].resize(dice_.below(4));
    for (std::string& text : results[h]) text = new_text();
  }
  std::vector<core::forward_input> from;
  for (const held& h : inputs) from.push_back({&houses_[h.house].q.view(), h.lease});
  std::vector<core::forward_output> to;
  for (std::size_t h = 0; h < 2; ++h) {
    if (!into[h]) continue;
    const auto credit =
        static_cast<std::size_t>(std::count_if(inputs.begin(), inputs.end(), [&](const held& in) {
          return in.house == h && in.lease.lane == me.lanes[h].seat();
        }));
    const std::uint64_t there = houses_[h].model.lanes[me.lanes[h].seat()].size();
    std::uint64_t freed = 0;
    for (const held& in : inputs) {
      if (in.house != h) continue;
      me.lanes[h].inherit(in.lease.lane, in.lease.position);
      ++freed;
    }
    const std::uint64_t more = results[h].size() > freed ? results[h].size() - freed : 0;
    const bool fits = houses_[h].fits(there, results[h].size(), credit) &&
                      (more == 0 || !houses_[h].model.is_beyond_total(more));
    expect(me.lanes[h].has_room(results[h].size(), credit) == fits,
           "a forward finds other room than there is");
    if (!stage(who, h, results[h], credit)) {
      for (core::producer& lane : me.lanes) lane.drop_staged();
      return;
    }
    expect(there + results[h].size() <= houses_[h].model.shape.capacity + credit,
           "a forward found more room than there is");
    to.push_back({&me.lanes[h], results[h].size()});
  }
  const held& first = inputs.front();
  const std::uint64_t record = dice_.below(core::records_per_seat);
  const outcome result = core::forward(
      from, to, houses_[first.house].q.view().seat(first.lease.word.owner()).records[record],
      std::uint64_t{1} << record);
  finish_forward(who, inputs, into, results, result);
}

bool queue_run::stage(std::uint32_t who, std::size_t h, const std::vector<std::string>& texts,
                      std::size_t credit) {
  core::producer& lane = people_[who].lanes[h];
  if (!lane.has_room(texts.size(), credit)) return false;
  for (const std::string& text : texts) {
    core::place p;
    if (lane.stage(text.size(), credit, p) != outcome::done) return false;
    std::memcpy(p.bytes, text.data(), text.size());
  }
  return true;
}

void queue_run::finish_forward(std::uint32_t who, const std::vector<held>& inputs, bool into[2],
                               std::vector<std::string> results[2], outcome result) {
  bool closed = false;
  for (std::size_t h = 0; h < 2; ++h) closed = closed || (into[h] && houses_[h].model.closed);
  expect(result == (closed ? outcome::closed : outcome::done), "a forward ended in another way");
  if (closed) {
    for (const held& in : inputs) static_cast<void>(model_of(in));
    return;
  }
  auto& leases = people_[who].leases;
  leases.resize(leases.size() - inputs.size());
  for (const held& in : inputs) houses_[in.house].model.remove(in.lease.lane, &model_of(in));
  for (std::size_t h = 0; h < 2; ++h) {
    const core::producer& lane = people_[who].lanes[h];
    for (std::string& text : results[h]) houses_[h].model.add(lane.seat(), std::move(text));
    expect(lane.sent() == houses_[h].model.sent[lane.seat()], "sent() is wrong after a forward");
  }
}

// -- deaths
// ----------------------------------------------------------------------------------------

// In the middle of a send or of a forward.
void queue_run::leave_something(std::uint32_t who) {
  for (core::producer& lane : people_[who].lanes) {
    if (dice_.one_in(2)) {
      for (std::uint64_t n = dice_.below(3); n > 0; --n) {
        core::place p;
        if (lane.stage(dice_.below(700), 0, p) != outcome::done) break;
      }
      lane.seal_staged();
    } else {
      core::place p;
      static_cast<void>(lane.reserve(dice_.below(700), p));
    }
  }
}

void queue_run::die(std::uint32_t who) {
  leave_something(who);
  core::casualty dead;
  dead.serial = ++deaths_;
  dead.own_doing = dice_.one_in(2);
  dead.note.signal = static_cast<std::int32_t>(1 + dice_.below(30));
  for (house& h : houses_) {
    if (dice_.one_in(8)) h.renew_writer();
  }
  lose_leases(who, dead);
  std::vector<core::attendance> seats;
  for (std::size_t h = 0; h < houses_.size(); ++h) {
    seats.push_back({&houses_[h].q.view(), seat_of(who, h), &houses_[h]});
  }
  // A recovery that died is run again from the start.
  for (std::uint64_t times = dice_.one_in(4) ? 2 : 1; times > 0; --times) {
    core::recover(seats, dead, *this);
  }
  for (std::size_t h = 0; h < houses_.size(); ++h) {
    people_[who].takers[h] = houses_[h].q.receiver(seat_of(who, h));
  }
  take_over(who);
  check(who);
}

void queue_run::lose_leases(std::uint32_t who, const core::casualty& dead) {
  for (const held& h : people_[who].leases) {
    model_message& m = model_of(h);
    m.signals.push_back(dead.note.signal);
    if (dead.own_doing) ++m.attempts;
    const bool last = houses_[h.house].model.used_up(m);
    houses_[h.house].model.move(m, last ? where::aside : where::waiting);
  }
  people_[who].leases.clear();
}

void queue_run::take_over(std::uint32_t who) {
  people_[who].loans.clear();
  for (std::size_t h = 0; h < houses_.size(); ++h) {
    people_[who].lanes[h] = houses_[h].q.sender(seat_of(who, h));
    expect(people_[who].lanes[h].sent() == houses_[h].model.sent[seat_of(who, h)],
           "sent() is wrong after a takeover");
  }
}

void queue_run::bury_again() {
  house& h = houses_[any_house()];
  core::bury_again({&h.q.view(), 0, &h});
  expect(h.model.aside == 0 || h.letters_waiting >= h.letters.view().shape().capacity,
         "a message found no room among the dead letters, which are not full");
}

void queue_run::read_letters() {
  house& h = houses_[any_house()];
  for (std::uint64_t n = dice_.below(4); n > 0 && h.read_letter(); --n) {
  }
}

void queue_run::finish() {
  for (std::uint32_t who = 0; who < processes; ++who) die(who);
  for (std::size_t h = 0; h < houses_.size(); ++h) {
    for (int n = 0; houses_[h].model.unsettled() != 0; ++n) {
      expect(n < 10'000, "messages do not come out");
      if (const auto l = houses_[h].q.take(people_[0].takers[h])) {
        auto* m = houses_[h].model.oldest_waiting(l->lane);
        expect(m != nullptr && m->text == houses_[h].q.text(*l), "another message came at the end");
        core::acknowledge(houses_[h].q.view(), *l);
        houses_[h].model.remove(l->lane, m);
      }
      core::bury_again({&houses_[h].q.view(), 0, &houses_[h]});
      while (houses_[h].read_letter()) {
      }
    }
    houses_[h].check(1);
  }
}

}  // namespace random_test
