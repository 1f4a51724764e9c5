#pragma once

#include <sys/types.h>

#include <bulkhead/message.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "os/encode_all.hpp"
#include "os/segment.hpp"

namespace bulkhead::os {

/// What the keeper knows, where another keeper finds it: entries in a segment that the host holds
/// as well. Whatever instruction its writer is killed at, a reader finds all changes up to some
/// `commit`, and none after it.
///
/// Changes are appended behind what is committed, out of sight, and one store of the length shows
/// them. When the room is used up, all that is left is written into the other half, and the same
/// word names that half. One writer at a time, which proof of the last one's death goes before.
class ledger {
 public:
  struct key {
    std::uint32_t kind = 0;
    std::uint32_t sub = 0;
    std::uint64_t id = 0;
    std::uint64_t place = 0;
    friend bool operator<(const key& a, const key& b) noexcept {
      return std::tie(a.kind, a.id, a.sub, a.place) < std::tie(b.kind, b.id, b.sub, b.place);
    }
  };
  /// A process that was forked, as it says itself before it does anything else.
  struct life {
    std::uint32_t serial = 0;  ///< 0: none.
    std::int32_t pid = 0;
    std::uint64_t begun_ns = 0;  ///< Of the boot clock, after it began.
  };
  static constexpr std::uint32_t lives_max = 16384;

  /// An empty one. @errors std::system_error.
  ledger();
  /// Takes over what another keeper left.
  /// @errors bulkhead::error errc::corrupt: it is none, or was given up.
  explicit ledger(unique_fd segment);
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;

  [[nodiscard]] int fd() const noexcept { return segment_.get(); }

  template <class Body>
  void put(const key& at, const Body& body) {
    put_bytes(at, encode_all(body));
  }
  void put_bytes(const key& at, std::vector<std::byte> bytes);
  void erase(const key& at);
  /// Erases the entries of a kind and id.
  void erase_all(std::uint32_t kind, std::uint64_t id);
  /// Shows what was changed since the last time. Without memory for it the ledger is given up: the
  /// keeper goes on, and no other can follow it.
  void commit() noexcept;

  /// @returns nothing when there is none, or its bytes are none of a Body.
  template <class Body>
  [[nodiscard]] bool get(const key& at, Body& out) const {
    const auto found = entries_.find(at);
    return found != entries_.end() &&
           detail::decode_all(std::span<const std::byte>(found->second), out);
  }
  [[nodiscard]] const std::map<key, std::vector<std::byte>>& entries() const noexcept {
    return entries_;
  }
  using kept_entry = std::pair<const key, std::vector<std::byte>>;
  /// Copies of the entries of a kind, which may be erased meanwhile.
  [[nodiscard]] std::vector<kept_entry> entries_of(std::uint32_t kind) const;

  /// In the new process, which has our descriptors still and not our memory.
  /// @limits begun_ns: when it began, of that clock.
  static void begin_life(int ledger, std::uint32_t entry, std::uint32_t serial,
                         std::uint64_t begun_ns = life_clock_ns()) noexcept;
  [[nodiscard]] static std::uint64_t life_clock_ns() noexcept;
  void end_life(std::uint32_t entry) noexcept;
  void end_all_lives() noexcept;
  /// Calls `visit(life)` for each.
  template <class Visit>
  void each_life(Visit visit) const {
    for (std::uint32_t n = 0; n < lives_max; ++n) {
      if (lives()[n].serial != 0) visit(lives()[n]);
    }
  }

 private:
  void open();
  void read_entries(std::uint64_t committed);
  [[nodiscard]] bool append(std::size_t half, std::uint64_t& at, const key& k,
                            const std::vector<std::byte>* value) noexcept;
  [[nodiscard]] bool reserve(std::size_t half, std::uint64_t bytes) noexcept;
  [[nodiscard]] bool write_changes() noexcept;
  [[nodiscard]] bool write_all() noexcept;
  [[nodiscard]] life* lives() const noexcept;
  [[nodiscard]] std::byte* half(std::size_t n) const noexcept;

  unique_fd segment_;
  mapping map_;
  std::map<key, std::vector<std::byte>> entries_;
  std::vector<key> changed_;
  std::size_t half_ = 0;             // the one that is written
  std::uint64_t used_ = 0;           // bytes of it
  std::uint64_t live_ = 0;           // bytes that the entries take up
  std::uint64_t reserved_[2] = {0};  // bytes of each half that have memory
};

}  // namespace bulkhead::os
