#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/closing.hpp"
#include "core/consumer.hpp"
#include "core/forward.hpp"
#include "core/parked_set.hpp"
#include "core/producer.hpp"
#include "core/recovery.hpp"

namespace queue_core {

namespace core = bulkhead::core;

/// What the protocol asked of the operating system since the last reset.
struct os_calls {
  static inline std::vector<std::atomic<std::uint32_t>*> woken;
  static inline int heavy_barriers = 0;
  static void reset() {
    woken.clear();
    heavy_barriers = 0;
  }
};

inline constexpr core::platform counting{
    [](std::atomic<std::uint32_t>& word) noexcept { os_calls::woken.push_back(&word); },
    []() noexcept { ++os_calls::heavy_barriers; }, false};

/// Payload areas on the heap. `memory` bounds what may be reserved in each.
class heap_payload final : public core::payload_area {
 public:
  explicit heap_payload(std::size_t bytes) : bytes_(bytes), memory(bytes) {}
  const std::byte* read(std::uint32_t seat) override { return area(seat); }
  std::byte* write(std::uint32_t seat, std::uint64_t bytes) override {
    return bytes <= memory ? area(seat) : nullptr;
  }

 private:
  std::byte* area(std::uint32_t seat) {
    auto& a = areas_[seat];
    if (!a) a = std::make_unique<std::byte[]>(bytes_);
    return a.get();
  }
  std::size_t bytes_;
  std::map<std::uint32_t, std::unique_ptr<std::byte[]>> areas_;

 public:
  std::size_t memory;
};

/// A queue segment on the heap with everything around it, and one-word verbs.
class memory_queue final : public core::queue_finder {
 public:
  explicit memory_queue(const core::queue_shape& shape, std::uint64_t id = 1,
                        const core::platform& os = counting)
      : bytes_(core::queue_layout(shape).payload_offset),
        base_(static_cast<std::byte*>(std::aligned_alloc(core::page_bytes, bytes_))),
        view_(zeroed(), shape, os),
        payload_(core::queue_layout(shape).payload_bytes) {
    core::format_queue(base_.get(), shape, id);
    view_.header().seats_used = shape.participants;
    os_calls::reset();
  }

  [[nodiscard]] const core::queue_view& view() const { return view_; }
  heap_payload& payload() { return payload_; }
  [[nodiscard]] core::producer sender(std::uint32_t seat) { return {view_, seat, payload_}; }
  [[nodiscard]] core::consumer receiver(std::uint32_t seat) const { return {view_, seat, 0}; }
  const core::queue_view* find(std::uint64_t id) override {
    return id == view_.header().id ? &view_ : nullptr;
  }

  core::outcome send(core::producer& lane, const std::string& text) {
    core::place p;
    if (const auto found = lane.reserve(text.size(), p); found != core::outcome::done) return found;
    std::memcpy(p.bytes, text.data(), text.size());
    return lane.publish(p);
  }

  core::outcome stage(core::producer& lane, const std::string& text, std::size_t credit = 0) {
    core::place p;
    if (const auto found = lane.stage(text.size(), credit, p); found != core::outcome::done)
      return found;
    std::memcpy(p.bytes, text.data(), text.size());
    return core::outcome::done;
  }

  std::string text(const core::lease& l) {
    const core::slot& s = core::slot_of(view_, l);
    const std::size_t size = s.meta >> 32;
    if (size <= view_.shape().inline_bytes) return {reinterpret_cast<const char*>(s.payload), size};
    std::uint64_t block = 0;
    std::memcpy(&block, s.payload, sizeof block);
    return {reinterpret_cast<const char*>(payload_.read(l.lane)) + block, size};
  }

  std::optional<core::lease> take(core::consumer& by) {
    core::lease l;
    if (!by.take(l)) return std::nullopt;
    return l;
  }

  /// Takes and acknowledges one message. @returns its text, or "nothing".
  std::string receive(core::consumer& by) {
    const auto l = take(by);
    if (!l) return "nothing";
    std::string t = text(*l);
    core::acknowledge(view_, *l);
    return t;
  }

  core::slot_word word(std::uint32_t lane, std::uint32_t index) const {
    return view_.slot_at(lane, index).load(std::memory_order_acquire);
  }

  core::outcome forward(const core::lease& input, core::producer& to,
                        std::vector<std::string> results, std::size_t credit = 0) {
    if (!to.has_room(results.size(), credit)) return core::outcome::full;
    for (const auto& r : results) {
      if (const auto staged = stage(to, r, credit); staged != core::outcome::done) return staged;
    }
    const core::forward_input inputs[] = {{&view_, input}};
    const core::forward_output outputs[] = {{&to, results.size()}};
    return core::forward(inputs, outputs, view_.seat(input.word.owner()).records[0], 1);
  }

  core::recovery_report recover(std::uint32_t seat, core::casualty dead = {},
                                core::graveyard* graves = nullptr) {
    const core::attendance where[] = {{&view_, seat, graves}};
    return core::recover(where, dead, *this);
  }

 private:
  struct release_memory {
    void operator()(std::byte* p) const { std::free(p); }
  };
  std::byte* zeroed() {
    std::memset(base_.get(), 0, bytes_);
    return base_.get();
  }

  std::size_t bytes_;
  std::unique_ptr<std::byte, release_memory> base_;
  core::queue_view view_;
  heap_payload payload_;
};

/// Dead letters in a list; `room` letters fit.
class list_graveyard final : public core::graveyard {
 public:
  struct letter {
    std::uint32_t lane;
    core::position at;
    std::uint32_t attempts;
    auto operator<=>(const letter&) const = default;
  };
  bool bury(const core::queue_view&, const core::poisoned& m) override {
    ++asked;
    const letter l{m.lane, core::make_position(m.word.lap(), m.index), m.attempts};
    for (const letter& known : letters) {
      if (known.lane == l.lane && known.at == l.at) return true;
    }
    if (letters.size() >= room) return false;
    letters.push_back(l);
    return true;
  }
  std::vector<letter> letters;
  std::size_t room = 100;
  int asked = 0;
};

/// A lane of `capacity` messages a seat; everything else as small as it goes.
inline core::queue_shape small(std::uint32_t capacity, std::uint32_t participants = 2) {
  core::queue_shape shape;
  shape.capacity = capacity;
  shape.participants = participants;
  shape.inline_bytes = 16;
  return shape;
}

}  // namespace queue_core
