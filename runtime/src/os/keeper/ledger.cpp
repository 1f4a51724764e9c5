#include "os/keeper/ledger.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bulkhead/errc.hpp>
#include <cstring>
#include <ctime>

namespace bulkhead::os {
namespace {

constexpr std::uint64_t magic = 0x3167'6472'656c'6862;  // the first bytes of it
constexpr std::size_t header_bytes = 4096;
constexpr std::size_t lives_bytes = ledger::lives_max * sizeof(ledger::life);
constexpr std::size_t half_bytes = std::size_t{128} << 20;  // of which only what is used has memory
constexpr std::size_t total_bytes = header_bytes + lives_bytes + 2 * half_bytes;
constexpr std::uint64_t step_bytes = 64 * 1024;
constexpr std::uint64_t second_half = std::uint64_t{1} << 63;
constexpr std::uint64_t given_up = ~std::uint64_t{0};

struct ledger_header {
  std::uint64_t magic;
  std::atomic<std::uint64_t> committed;  // bytes, and which half
};

struct entry_header {
  ledger::key at;
  std::uint64_t bytes;  // of the value that follows
  std::uint64_t is_there;
};

ledger_header& header_of(const mapping& map) noexcept {
  return *reinterpret_cast<ledger_header*>(map.data());
}

std::uint64_t room_for(std::uint64_t value_bytes) noexcept {
  return sizeof(entry_header) + (value_bytes + 7) / 8 * 8;
}

}  // namespace

ledger::ledger() : segment_(make_segment("bulkhead-ledger", total_bytes)) {
  open();
  if (const auto failed = reserve_range(segment_.get(), 0, header_bytes + lives_bytes)) {
    throw std::system_error(failed, "making the keeper's ledger");
  }
  header_of(map_).magic = magic;
}

ledger::ledger(unique_fd segment) : segment_(std::move(segment)) {
  if (sealed_bytes(segment_.get()) != total_bytes) {
    throw error(make_error_code(errc::corrupt), "what the last keeper left is no ledger");
  }
  open();
  // Acquire: what was committed was written before.
  const std::uint64_t committed = header_of(map_).committed.load(std::memory_order_acquire);
  if (header_of(map_).magic != magic || committed == given_up) {
    throw error(make_error_code(errc::corrupt), "the last keeper's ledger was given up");
  }
  read_entries(committed);
}

void ledger::open() { map_ = mapping(segment_.get(), 0, total_bytes, access::read_write); }

void ledger::read_entries(std::uint64_t committed) {
  half_ = (committed & second_half) != 0 ? 1 : 0;
  used_ = committed & ~second_half;
  if (used_ > half_bytes) throw error(make_error_code(errc::corrupt), "the ledger is too long");
  for (std::uint64_t at = 0; at < used_;) {
    entry_header head;
    if (used_ - at < sizeof head) throw error(make_error_code(errc::corrupt), "a torn entry");
    std::memcpy(&head, half(half_) + at, sizeof head);
    if (head.bytes > used_ - at - sizeof head || room_for(head.bytes) > used_ - at) {
      throw error(make_error_code(errc::corrupt), "an entry that is too long");
    }
    const std::byte* value = half(half_) + at + sizeof head;
    if (head.is_there != 0) {
      put_bytes(head.at, {value, value + head.bytes});
    } else {
      erase(head.at);
    }
    at += room_for(head.bytes);
  }
  changed_.clear();
  reserved_[half_] = used_;
}

ledger::life* ledger::lives() const noexcept {
  return reinterpret_cast<life*>(map_.data() + header_bytes);
}

std::byte* ledger::half(std::size_t n) const noexcept {
  return map_.data() + header_bytes + lives_bytes + n * half_bytes;
}

void ledger::put_bytes(const key& at, std::vector<std::byte> bytes) {
  auto [there, is_new] = entries_.try_emplace(at);
  if (!is_new && there->second == bytes) return;
  if (!is_new) live_ -= room_for(there->second.size());
  live_ += room_for(bytes.size());
  there->second = std::move(bytes);
  changed_.push_back(at);
}

std::vector<ledger::kept_entry> ledger::entries_of(std::uint32_t kind) const {
  std::vector<kept_entry> found;
  for (const kept_entry& e : entries_) {
    if (e.first.kind == kind) found.push_back(e);
  }
  return found;
}

void ledger::erase(const key& at) {
  const auto there = entries_.find(at);
  if (there == entries_.end()) return;
  live_ -= room_for(there->second.size());
  entries_.erase(there);
  changed_.push_back(at);
}

void ledger::erase_all(std::uint32_t kind, std::uint64_t id) {
  std::vector<key> gone;
  for (auto at = entries_.lower_bound({kind, 0, id, 0});
       at != entries_.end() && at->first.kind == kind && at->first.id == id; ++at) {
    gone.push_back(at->first);
  }
  for (const key& at : gone) erase(at);
}

bool ledger::reserve(std::size_t n, std::uint64_t bytes) noexcept {
  if (bytes <= reserved_[n]) return true;
  if (bytes > half_bytes) return false;
  const std::uint64_t want =
      std::min<std::uint64_t>((bytes + step_bytes - 1) / step_bytes * step_bytes, half_bytes);
  const std::uint64_t start = header_bytes + lives_bytes + n * half_bytes;
  if (reserve_range(segment_.get(), start + reserved_[n], want - reserved_[n])) return false;
  reserved_[n] = want;
  return true;
}

bool ledger::append(std::size_t n, std::uint64_t& at, const key& k,
                    const std::vector<std::byte>* value) noexcept {
  const entry_header head{k, value == nullptr ? 0 : value->size(), value != nullptr ? 1u : 0u};
  if (!reserve(n, at + room_for(head.bytes))) return false;
  std::memcpy(half(n) + at, &head, sizeof head);
  if (head.bytes != 0) std::memcpy(half(n) + at + sizeof head, value->data(), head.bytes);
  at += room_for(head.bytes);
  return true;
}

bool ledger::write_changes() noexcept {
  std::uint64_t at = used_;
  for (const key& k : changed_) {
    const auto there = entries_.find(k);
    if (!append(half_, at, k, there == entries_.end() ? nullptr : &there->second)) return false;
  }
  used_ = at;
  return true;
}

// Nobody reads the other half meanwhile.
bool ledger::write_all() noexcept {
  const std::size_t other = 1 - half_;
  std::uint64_t at = 0;
  for (const auto& [k, value] : entries_) {
    if (!append(other, at, k, &value)) return false;
  }
  half_ = other;
  used_ = at;
  return true;
}

void ledger::commit() noexcept {
  if (changed_.empty()) return;
  const bool is_full = used_ > 2 * live_ + step_bytes;
  const bool written = is_full ? write_all() : write_changes() || write_all();
  changed_.clear();
  auto& committed = header_of(map_).committed;
  if (committed.load(std::memory_order_relaxed) == given_up) return;
  // Release: who sees the length sees the entries before it.
  committed.store(written ? used_ | (half_ == 1 ? second_half : 0) : given_up,
                  std::memory_order_release);
}

std::uint64_t ledger::life_clock_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// 16 bytes in one call: whoever is killed in it has written them or not.
void ledger::begin_life(int ledger, std::uint32_t entry, std::uint32_t serial,
                        std::uint64_t begun_ns) noexcept {
  const life me{serial, ::getpid(), begun_ns};
  static_cast<void>(
      !::pwrite(ledger, &me, sizeof me, static_cast<off_t>(header_bytes + entry * sizeof me)));
}

void ledger::end_life(std::uint32_t entry) noexcept { lives()[entry] = {}; }

void ledger::end_all_lives() noexcept { std::memset(static_cast<void*>(lives()), 0, lives_bytes); }

}  // namespace bulkhead::os
