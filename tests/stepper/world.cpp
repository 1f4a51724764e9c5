#include "stepper/world.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bulkhead/exit_status.hpp"
#include "bulkhead/message.hpp"
#include "bulkhead/message_id.hpp"
#include "core/letters.hpp"

namespace stepper {
namespace {

// Ids use the same bits as the keeper's, which name the tree in their high ones.
constexpr std::uint64_t tree_name = std::uint64_t{0x1234'5678} << 32;

constexpr core::platform quiet{[](std::atomic<std::uint32_t>&) noexcept {}, []() noexcept {},
                               false};

class both_queues final : public core::queue_finder {
 public:
  explicit both_queues(const world& w) : world_(&w) {}
  const core::queue_view* find(std::uint64_t id) override {
    if (id == world_->in().header().id) return &world_->in();
    if (id == world_->out().header().id) return &world_->out();
    return nullptr;
  }

 private:
  const world* world_;
};

}  // namespace

const std::byte* payload_areas::read(std::uint32_t seat) { return write(seat, 0); }

std::byte* payload_areas::write(std::uint32_t seat, std::uint64_t bytes) {
  const core::queue_layout& layout = queue_->layout();
  if (bytes > layout.payload_bytes) return nullptr;
  return reinterpret_cast<std::byte*>(&queue_->header()) + layout.payload_offset +
         seat * layout.payload_bytes;
}

world::world(std::uint32_t max_attempts, std::uint32_t total, bool blocks) {
  core::queue_shape shape;
  shape.capacity = capacity;
  shape.participants = seats;
  shape.inline_bytes = sizeof(payload);
  shape.max_attempts = max_attempts;
  shape.total = total;
  shape.payload_bytes = blocks ? area_bytes : 0;
  const std::size_t one = core::queue_layout(shape).total_bytes;
  core::queue_shape letters = shape;
  letters.inline_bytes = 256;
  letters.max_attempts = 0;
  letters.total = 0;
  letters.payload_bytes = 0;  // a letter fits its slot
  size_ = 2 * one + (max_attempts != 0 ? core::queue_layout(letters).total_bytes : 0);
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("step_test: no shared memory");
    std::exit(2);
  }
  base_ = static_cast<std::byte*>(memory);
  core::format_queue(base_, shape, tree_name + 1);
  core::format_queue(base_ + one, shape, tree_name + 2);
  in_.emplace(base_, shape, quiet);
  out_.emplace(base_ + one, shape, quiet);
  in_payload_.emplace(*in_);
  out_payload_.emplace(*out_);
  in_->header().seats_used = out_->header().seats_used = seats;
  if (max_attempts == 0) return;
  core::format_queue(base_ + 2 * one, letters, tree_name + 3);
  letters_.emplace(base_ + 2 * one, letters, quiet);
  letters_->header().seats_used = seats;
}

world::~world() { munmap(base_, size_); }

party::party(const world& w, std::uint32_t seat, std::uint32_t epoch)
    : in_send(w.in(), seat, w.in_payload()),
      out_send(w.out(), seat, w.out_payload()),
      in_take(w.in(), seat, epoch),
      out_take(w.out(), seat, epoch) {}

namespace {

template <class Content>
core::outcome send_as(core::producer& lane, std::uint64_t value) {
  core::place p;
  if (const core::outcome found = lane.reserve(sizeof(Content), p); found != core::outcome::done)
    return found;
  const Content content = Content::of(value);
  std::memcpy(p.bytes, &content, sizeof content);
  return lane.publish(p);
}

}  // namespace

core::outcome send(core::producer& lane, std::uint64_t value) {
  return send_as<payload>(lane, value);
}

core::outcome send_long(core::producer& lane, std::uint64_t value) {
  return send_as<long_payload>(lane, value);
}

payload read(const core::queue_view& queue, const core::lease& l) {
  const core::slot& s = core::slot_of(queue, l);
  if (s.meta >> 32 == sizeof(payload)) {
    payload p;
    std::memcpy(&p, s.payload, sizeof p);
    return p;
  }
  std::uint64_t block = 0;
  std::memcpy(&block, s.payload, sizeof block);
  const payload torn{0, 0};
  if (s.meta >> 32 != sizeof(long_payload) || block > world::area_bytes - sizeof(long_payload)) {
    return torn;
  }
  long_payload all;
  std::memcpy(&all, payload_areas(queue).read(l.lane) + block, sizeof all);
  return all.whole() ? all.head : torn;
}

namespace {

template <class Content>
core::outcome stage_results(const output& to, std::size_t credit) {
  if (!to.lane->has_room(to.results, credit)) return core::outcome::full;
  for (std::size_t n = 0; n < to.results; ++n) {
    core::place p;
    if (const auto found = to.lane->stage(sizeof(Content), credit, p);
        found != core::outcome::done) {
      to.lane->drop_staged();
      return found;
    }
    const Content content = Content::of(to.base + n);
    std::memcpy(p.bytes, &content, sizeof content);
  }
  return core::outcome::done;
}

core::outcome forward_staged(std::span<const core::forward_input> inputs,
                             std::span<const core::forward_output> outputs) {
  core::seat_block& seat = inputs.front().queue->seat(inputs.front().held.word.owner());
  const auto done = core::forward(inputs, outputs, seat.records[0], 1);
  if (done == core::outcome::done) core::wake_after_forward(inputs, outputs);
  return done;
}

template <class Content>
core::outcome forward_one(const core::queue_view& from, const core::lease& input, const output& to,
                          std::size_t credit) {
  if (const auto found = stage_results<Content>(to, credit); found != core::outcome::done)
    return found;
  const core::forward_input inputs[] = {{&from, input}};
  const core::forward_output outputs[] = {{to.lane, to.results}};
  return forward_staged(inputs, outputs);
}

}  // namespace

core::outcome forward(const core::queue_view& from, const core::lease& input, core::producer& to,
                      std::uint64_t base, std::size_t results, std::size_t credit) {
  return forward_one<payload>(from, input, {&to, base, results}, credit);
}

core::outcome forward_long(const core::queue_view& from, const core::lease& input,
                           core::producer& to, std::uint64_t base, std::size_t results) {
  return forward_one<long_payload>(from, input, {&to, base, results}, 0);
}

core::outcome forward(std::span<const core::forward_input> inputs,
                      std::span<const output> outputs) {
  core::forward_output staged[core::forward_outputs_max];
  std::size_t count = 0;
  for (const output& out : outputs) {
    if (const auto found = stage_results<payload>(out, 0); found != core::outcome::done) {
      for (const output& before : outputs.first(count)) before.lane->drop_staged();
      return found;
    }
    staged[count++] = {out.lane, out.results};
  }
  return forward_staged(inputs, {staged, count});
}

std::vector<std::pair<std::uint64_t, std::uint32_t>> read_letters(const world& w) {
  struct letter {
    std::uint64_t value, check;
    bulkhead::message_id id;
    std::uint32_t attempts;
    std::vector<bulkhead::exit_status> reasons;
    std::string note;
  };
  std::vector<std::pair<std::uint64_t, std::uint32_t>> all;
  if (w.letters() == nullptr) return all;
  core::consumer reader(*w.letters(), 2, 0);
  for (core::lease l; reader.take(l); core::acknowledge(*w.letters(), l)) {
    const core::slot& s = core::slot_of(*w.letters(), l);
    letter read{};
    const bool whole =
        bulkhead::detail::decode_all({s.payload, static_cast<std::size_t>(s.meta >> 32)}, read) &&
        payload{read.value, read.check}.whole() && read.id.queue == tree_name + 1 &&
        read.reasons.size() == read.attempts;
    all.emplace_back(whole ? read.value : 0, read.attempts);
  }
  return all;
}

// The letters' writer is made anew each time, as in a keeper that follows a killed one.
void recover(const world& w, bool own_doing) {
  both_queues finder(w);
  core::casualty dead;
  dead.serial = 7;
  dead.own_doing = own_doing;
  dead.note.signal = 9;
  std::optional<core::letter_writer> graves;
  std::optional<payload_areas> graves_area;
  if (w.letters() != nullptr) {
    graves_area.emplace(*w.letters());
    graves.emplace(w.in(), w.in_payload(), *w.letters(), *graves_area);
  }
  const core::attendance where[] = {{&w.in(), 1, graves ? &*graves : nullptr},
                                    {&w.out(), 1, nullptr}};
  static_cast<void>(core::recover(where, dead, finder));
}

image take_image(const world& w, std::span<const std::uint64_t> base) {
  image differs;
  const auto* words = reinterpret_cast<const std::uint64_t*>(w.bytes().data());
  for (std::uint32_t n = 0; n < base.size(); ++n) {
    if (words[n] != base[n]) differs.emplace_back(n, words[n]);
  }
  return differs;
}

void put_image(const world& w, std::span<const std::uint64_t> base, const image& what) {
  auto* words = reinterpret_cast<std::uint64_t*>(w.bytes().data());
  std::memcpy(words, base.data(), base.size_bytes());
  for (const auto& [index, word] : what) words[index] = word;
}

}  // namespace stepper
