#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace bulkhead::os {

/// Who asks for a seat: a process, and the supervised child, if any, that it is an incarnation of.
struct claimant {
  std::uint32_t serial = 0;
  std::uint32_t owner = 0;
  std::uint64_t resume_key = 0;  ///< 0: nobody follows it.

  [[nodiscard]] bool follows(const claimant& earlier) const noexcept {
    return resume_key != 0 && resume_key == earlier.resume_key && owner == earlier.owner;
  }
};

/// Which process has which seat of one queue. Pure bookkeeping: whether a dead one's lane is
/// drained is asked of outside.
class seat_table {
 public:
  /// Says whether a lane has no message left.
  using drained = std::function<bool(std::uint32_t seat)>;

  enum class origin : std::uint8_t {
    own,       ///< Its own from before, or its predecessor's.
    vacant,    ///< Never used.
    strangers  ///< Drained: what was sent from there counts as `sent_before`.
  };
  struct choice {
    std::uint32_t seat = 0;
    origin from = origin::vacant;
  };

  enum class state : std::uint8_t { vacant, live, resumable, draining };
  struct place {
    seat_table::state state = state::vacant;
    claimant holder;
    std::uint32_t epoch = 0;
    std::uint64_t sent_before = 0;
    bool is_dead = false;  ///< Draining: of a process that has ended, and that nobody follows.
  };

  explicit seat_table(std::uint32_t seats) : seats_(seats) {}

  [[nodiscard]] const place& at(std::uint32_t seat) const noexcept { return seats_[seat]; }
  /// Puts a seat back as an earlier keeper had it. @limits seat is one.
  void restore(std::uint32_t seat, const place& as) noexcept { seats_[seat] = as; }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(seats_.size());
  }
  [[nodiscard]] bool has_changed() const noexcept { return !changed_.empty(); }
  /// The seats that changed since this was called last, some perhaps twice.
  [[nodiscard]] std::vector<std::uint32_t> take_changed() { return std::exchange(changed_, {}); }

  /// Finds a seat: its own, its predecessor's, a drained one of the dead among the first few such,
  /// a vacant one, any drained one, in this order. So a queue has about as many lanes in use as it
  /// ever has participants at a time: each costs receivers and recoveries a look.
  [[nodiscard]] std::optional<choice> choose(const claimant& who, const drained& is_drained) const;
  /// When nothing was found: true when a seat belongs to the dead, and thus becomes free some day.
  [[nodiscard]] bool worth_waiting() const noexcept;

  /// Gives out what `choose` found. @returns the seat's new epoch.
  std::uint32_t grant(const choice& found, const claimant& who, std::uint64_t sent_before);
  [[nodiscard]] std::uint64_t sent_before(std::uint32_t seat) const noexcept {
    return seats_[seat].sent_before;
  }

  /// The seat that a process has, or had and nobody took since.
  [[nodiscard]] std::optional<std::uint32_t> seat_of(std::uint32_t serial) const noexcept;

  /// The process has no use for its seat any more, and lives.
  void leave(std::uint32_t serial) noexcept;
  /// The process has ended, and is recovered.
  void die(std::uint32_t serial) noexcept;
  /// Nobody follows this child any more.
  void forget(std::uint32_t owner, std::uint64_t resume_key) noexcept;
  /// Nobody follows the children of this process any more.
  void forget_all_of(std::uint32_t owner) noexcept;

 private:
  std::optional<choice> find_drained(bool of_the_dead, int looks, const drained& is_drained) const;
  void touch(const place& s) noexcept;

  std::vector<place> seats_;
  std::vector<std::uint32_t> changed_;
};

}  // namespace bulkhead::os
