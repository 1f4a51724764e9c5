#include "random/hostile_queue.hpp"

#include <map>
#include <optional>
#include <variant>

#include <bulkhead/message.hpp>

namespace random_test {

using core::outcome;

namespace {

// Where the peer writes in the middle of our steps: whatever we ask of the system.
thread_local scribbler* in_the_middle = nullptr;

void write_now() noexcept {
  if (in_the_middle != nullptr) in_the_middle->scribble();
}

constexpr core::platform watched{[](std::atomic<std::uint32_t>&) noexcept { write_now(); },
                                 []() noexcept { write_now(); }, true,
                                 [](int) noexcept { write_now(); }};

struct sample {
  std::string text;
  std::vector<std::uint32_t> numbers;
  std::optional<std::string> maybe;
  std::variant<int, std::string> either;
  std::map<std::string, std::vector<std::string>> table;
};

std::uint64_t likely_slot_word(dice& d) {
  return core::slot_word::make(d.below(4), static_cast<std::uint32_t>(d.below(4)),
                               static_cast<std::uint32_t>(d.below(4)), 0,
                               static_cast<core::slot_state>(d.below(8)))
      .bits;
}

// The header's words that decide, the seats, the lanes, the slots, the side table, the payload.
std::vector<scribbler::part> parts_of(queue_core::memory_queue& q, std::uint32_t seats) {
  const core::queue_view& view = q.view();
  const core::queue_layout& l = view.layout();
  auto* base = reinterpret_cast<std::byte*>(&view.header());
  std::vector<scribbler::part> parts;
  parts.push_back({base, sizeof(core::queue_header)});
  auto* words = reinterpret_cast<std::byte*>(&view.header().signs.parked_receivers);
  parts.push_back({words, 64});
  parts.push_back({base + l.seats_offset, seats * l.seat_bytes});
  parts.push_back({base + l.faults_offset, seats * l.fault_bytes});
  for (std::uint32_t s = 0; s < seats; ++s) {
    auto* lane = reinterpret_cast<std::byte*>(&view.lane(s));
    parts.push_back({lane, sizeof(core::lane_header)});
    for (int twice = 0; twice < 2; ++twice) {
      parts.push_back({lane + sizeof(core::lane_header), view.ring_slots() * l.slot_bytes});
    }
    parts.push_back({q.payload().write(s, l.payload_bytes), 4096});
    parts.push_back({reinterpret_cast<std::byte*>(&view.seat(s)), l.seat_bytes});
  }
  return parts;
}

}  // namespace

core::queue_shape hostile_queue::shape(dice& d) {
  auto s = queue_core::small(1 + static_cast<std::uint32_t>(d.below(16)), seats);
  s.inline_bytes = 48;
  s.payload_bytes = 8192;
  s.max_attempts = static_cast<std::uint32_t>(d.below(3));
  s.max_deliveries = static_cast<std::uint32_t>(d.below(4));
  return s;
}

hostile_queue::hostile_queue(std::uint64_t seed, bool mid_step)
    : dice_(seed), q_(shape(dice_), 1, watched), letters_(shape(dice_), 2, watched) {
  auto parts = parts_of(q_, seats);
  const auto more = parts_of(letters_, seats);
  parts.insert(parts.end(), more.begin(), more.end());
  peer_ = std::make_unique<scribbler>(dice_.bits(), std::move(parts));
  peer_->likely = likely_slot_word;
  if (mid_step) in_the_middle = peer_.get();
  writer_ = std::make_unique<core::letter_writer>(q_.view(), q_.payload(), letters_.view(),
                                                  letters_.payload());
  for (std::uint32_t s = 0; s < 2; ++s) {
    lanes_.push_back(q_.sender(s));
    takers_.push_back(q_.receiver(s));
  }
}

hostile_queue::~hostile_queue() { in_the_middle = nullptr; }

const core::queue_view* hostile_queue::find(std::uint64_t id) {
  return id == 1 ? &q_.view() : id == 2 ? &letters_.view() : nullptr;
}

void hostile_queue::step() {
  const std::uint64_t what = dice_.below(24);
  if (what < 7) return send();
  if (what < 13) return take();
  if (what < 17) return settle();
  if (what < 20) return forward();
  if (what == 20) return recover();
  if (what == 21) return start_again();
  look();
}

void hostile_queue::send() {
  core::producer& lane = lanes_[me()];
  const std::size_t size = dice_.below(dice_.one_in(4) ? 2000 : 48);
  core::place p;
  const outcome found = lane.reserve(size, p);
  if (found == outcome::full && dice_.one_in(2)) static_cast<void>(lane.drop_oldest());
  if (found != outcome::done) return;
  std::memset(p.bytes, 'x', size);
  if (lane.publish(p) == outcome::done) ++useful;
  const core::parked_set sleepers(q_.view(), core::side::receivers);
  if (sleepers.any()) sleepers.wake_one();
}

void hostile_queue::take() {
  core::lease l;
  if (!takers_[me()].take(l)) return;
  ++useful;
  read(l);
  leases_.push_back(l);
}

// As queue_state::fill does.
void hostile_queue::read(const core::lease& l) {
  const core::slot& s = core::slot_of(q_.view(), l);
  const auto size = static_cast<std::uint32_t>(s.meta >> 32);
  const std::byte* bytes = s.payload;
  if (size > q_.view().shape().inline_bytes) {
    std::uint64_t offset = 0;
    std::memcpy(&offset, s.payload, sizeof offset);
    const std::size_t area = q_.view().layout().payload_bytes;
    const std::byte* start = q_.payload().read(l.lane);
    if (offset > area || size > area - offset) return;
    bytes = start + offset;
  }
  static_cast<void>(touch(bytes, size));
  sample value;
  static_cast<void>(bulkhead::detail::decode_all(std::span(bytes, size), value));
}

void hostile_queue::settle() {
  if (leases_.empty()) return;
  const core::lease l = leases_.back();
  leases_.pop_back();
  const std::uint64_t how = dice_.below(4);
  if (how < 2) {
    core::acknowledge(q_.view(), l);
  } else if (how == 2) {
    core::release(q_.view(), l);
  } else {
    core::set_aside(q_.view(), l);
  }
}

void hostile_queue::forward() {
  if (leases_.empty()) return;
  const core::lease l = leases_.back();
  core::producer& lane = lanes_[me()];
  std::size_t results = 0;
  for (std::uint64_t n = dice_.below(4); n > 0; --n, ++results) {
    core::place p;
    const std::size_t size = dice_.below(200);
    if (lane.stage(size, 1, p) != outcome::done) return lane.drop_staged();
    std::memset(p.bytes, 'f', size);
  }
  const core::forward_input in[] = {{&q_.view(), l}};
  const core::forward_output out[] = {{&lane, results}};
  if (core::forward(in, out, q_.view().seat(0).records[0], 1) == outcome::done) {
    ++useful;
    leases_.pop_back();
    core::wake_after_forward(in, out);
  }
}

void hostile_queue::recover() {
  core::casualty dead;
  dead.serial = ++deaths_;
  dead.own_doing = dice_.one_in(2);
  const core::attendance where[] = {
      {&q_.view(), static_cast<std::uint32_t>(dice_.below(seats)), writer_.get()},
      {&letters_.view(), static_cast<std::uint32_t>(1 + dice_.below(seats - 1)), nullptr}};
  core::recover(where, dead, *this);
  core::bury_again(where[0]);
}

// A next incarnation, of us or of the keeper's writer.
void hostile_queue::start_again() {
  const std::uint32_t s = me();
  lanes_[s] = q_.sender(s);
  takers_[s] = q_.receiver(s);
  if (dice_.one_in(3)) leases_.clear();
  if (!dice_.one_in(3)) return;
  writer_ = std::make_unique<core::letter_writer>(q_.view(), q_.payload(), letters_.view(),
                                                  letters_.payload());
}

void hostile_queue::look() {
  const core::queue_view& view = q_.view();
  static_cast<void>(core::count_messages(view, 0));
  static_cast<void>(core::is_over_for(view, 0));
  static_cast<void>(core::any_unsettled(view, me(), 3));
  static_cast<void>(core::all_settled(view));
  static_cast<void>(lanes_[me()].has_room(1 + dice_.below(4)));
  const core::parked_set parked(view,
                                dice_.one_in(2) ? core::side::receivers : core::side::senders);
  parked.announce(0);
  if (dice_.one_in(2)) parked.wake_one();
  if (dice_.one_in(2)) static_cast<void>(parked.withdraw(0));
  if (dice_.one_in(4)) parked.wake_seat(me());
  if (dice_.one_in(8)) parked.wake_all();
  if (dice_.one_in(50)) core::close(view);
  if (view.header().signs.closed.load() != core::closed_state::open && dice_.one_in(2)) {
    view.header().signs.closed.store(core::closed_state::open);  // so that the life goes on
  }
  core::queue_shape shape;
  static_cast<void>(core::read_shape(reinterpret_cast<const std::byte*>(&view.header()),
                                     view.layout().total_bytes, shape));
}

}  // namespace random_test
