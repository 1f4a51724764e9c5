#pragma once

#include <cstdint>
#include <deque>

namespace bulkhead::core {

/// Names one use of a slot: the same slot has another generation each time.
struct slot_name {
  std::uint64_t generation = 0;  ///< From 1; 0 names nothing.
  std::uint32_t slot = 0;

  friend bool operator==(const slot_name&, const slot_name&) = default;
};

/// What is under way, each in a slot of its own. A name that comes back from outside, perhaps late,
/// twice or forged, finds its entry or nothing, and never another's.
///
/// Entry: default constructible, with `clear()`, which makes it as new. Entries keep their place.
/// @threads none of its own: the owner locks.
template <class Entry>
class slot_table {
 public:
  /// @limits most: of entries at a time, from 1.
  explicit slot_table(std::uint32_t most) noexcept : most_(most) {}
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;

  struct opened {
    slot_name name;
    Entry* entry = nullptr;  ///< None: as many are open as may be.
  };

  /// Takes a slot: the one that was closed last, whose memory is warm.
  /// @errors std::bad_alloc; nothing has happened then.
  opened open() {
    if (open_ == most_) return {};
    if (free_ == none) {
      slots_.emplace_back();
      free_ = static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t place = free_;
    slot& s = slots_[place];
    free_ = s.next_free;
    s.open = true;
    ++open_;
    return {{s.generation, place}, &s.entry};
  }

  /// @returns nullptr: there is none of that name any more, or never was.
  [[nodiscard]] Entry* find(const slot_name& name) noexcept {
    if (name.slot >= slots_.size()) return nullptr;
    slot& s = slots_[name.slot];
    return s.open && s.generation == name.generation ? &s.entry : nullptr;
  }

  /// @limits name: of an open one.
  void close(const slot_name& name) noexcept {
    slot& s = slots_[name.slot];
    s.entry.clear();
    s.open = false;
    ++s.generation;
    s.next_free = free_;
    free_ = name.slot;
    --open_;
  }

  /// Shows each open entry to `visit(name, entry)`, which may close that one.
  template <class Visit>
  void each(Visit visit) {
    std::uint32_t left = open_;
    for (std::uint32_t place = 0; place < slots_.size() && left != 0; ++place) {
      slot& s = slots_[place];
      if (!s.open) continue;
      --left;
      visit(slot_name{s.generation, place}, s.entry);
    }
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return open_; }
  [[nodiscard]] bool is_full() const noexcept { return open_ == most_; }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct slot {
    Entry entry;
    std::uint64_t generation = 1;
    std::uint32_t next_free = none;
    bool open = false;
  };

  std::uint32_t most_;
  std::uint32_t open_ = 0;
  std::uint32_t free_ = none;
  std::deque<slot> slots_;
};

}  // namespace bulkhead::core
