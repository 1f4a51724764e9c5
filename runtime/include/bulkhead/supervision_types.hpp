#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead {

/// Which children a failure restarts.
enum class strategy : std::uint8_t {
  one_for_one,   ///< Only the one that failed.
  one_for_all,   ///< All of them.
  rest_for_one,  ///< The one that failed and those started after it.
  dynamic,       ///< Only the one that failed; all children share one specification.
};

/// Which ends of a child are followed by a restart.
enum class restart : std::uint8_t {
  permanent,  ///< Every end.
  transient,  ///< Only an abnormal end.
  temporary,  ///< None; its specification is forgotten with it.
};

/// When a child counts as up.
enum class readiness : std::uint8_t {
  on_entry,  ///< When it enters its function.
  on_call,   ///< When it calls `this_process::ready()`.
};

/// Whether the ends of significant children end their supervisor.
enum class auto_shutdown : std::uint8_t {
  never,            ///< They do not.
  any_significant,  ///< The first of them does.
  all_significant,  ///< The last of them does.
};

/// What a child is to its supervisor.
enum class child_kind : std::uint8_t {
  worker,      ///< A function or a command.
  supervisor,  ///< A supervisor of its own children.
};

/// How many restarts a supervisor bears: a number, or `unlimited`.
class restart_limit {
 public:
  /// Allows `count` restarts in a period; 0 makes the first failure the last.
  /// @limits 0 to 2^32 - 1; anything else is refused where it is used, by the name of its field.
  template <std::integral Count>
  constexpr restart_limit(Count count) noexcept  // NOLINT: `.intensity = 3` is the point of it
                                                 // As an unsigned number a negative one is far too
                                                 // large, so that one comparison finds both.
      : count_{static_cast<std::uint64_t>(count) <= std::numeric_limits<std::uint32_t>::max()
                   ? static_cast<std::int64_t>(count)
                   : refused_} {}

  /// A limit that is never reached.
  [[nodiscard]] static constexpr restart_limit none() noexcept { return restart_limit{}; }

  [[nodiscard]] constexpr bool is_unlimited() const noexcept { return count_ == unlimited_; }
  [[nodiscard]] constexpr bool valid() const noexcept { return count_ != refused_; }
  /// The number, which means nothing when there is no limit.
  [[nodiscard]] constexpr std::int64_t count() const noexcept { return count_; }

  friend constexpr bool operator==(restart_limit, restart_limit) noexcept = default;

 private:
  static constexpr std::int64_t unlimited_ = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t refused_ = -1;

  constexpr restart_limit() noexcept = default;

  std::int64_t count_ = unlimited_;
};

/// The intensity that switches the limit off: failures alone never end the supervisor.
inline constexpr restart_limit unlimited = restart_limit::none();

/// How a child is stopped: asked first and killed after a time, asked only, or killed at once.
class shutdown_rule {
 public:
  enum class kind : std::uint8_t { by_default, within, infinity, brutal_kill };

  /// 5 s for workers, `infinity` for supervisors.
  constexpr shutdown_rule() noexcept = default;

  /// Asks the child to stop, and kills it once `time` has passed.
  /// @limits 0 and more; beyond 292 years it is `infinity`; a negative one is refused where it is
  /// used.
  template <class Rep, class Period>
  constexpr shutdown_rule(std::chrono::duration<Rep, Period> time) noexcept  // NOLINT: converts
      : kind_{in_nanoseconds(time) < most_ ? kind::within : kind::infinity}, time_{to_time(time)} {}

  [[nodiscard]] static constexpr shutdown_rule of(kind k) noexcept {
    shutdown_rule rule;
    rule.kind_ = k;
    return rule;
  }

  [[nodiscard]] constexpr kind how() const noexcept { return kind_; }
  /// The time between asking and killing, for `kind::within`.
  [[nodiscard]] constexpr std::chrono::nanoseconds time() const noexcept { return time_; }
  /// The rule with its default filled in for a child of that kind.
  [[nodiscard]] constexpr shutdown_rule resolved(child_kind child) const noexcept {
    if (kind_ != kind::by_default) return *this;
    if (child == child_kind::supervisor) return of(kind::infinity);
    return shutdown_rule{std::chrono::seconds{5}};
  }

  friend constexpr bool operator==(shutdown_rule, shutdown_rule) noexcept = default;

 private:
  // As floating point, so that the comparison itself cannot overflow.
  template <class Rep, class Period>
  static constexpr double in_nanoseconds(std::chrono::duration<Rep, Period> time) noexcept {
    return std::chrono::duration<double, std::nano>{time}.count();
  }

  template <class Rep, class Period>
  static constexpr std::chrono::nanoseconds to_time(
      std::chrono::duration<Rep, Period> time) noexcept {
    if (!(in_nanoseconds(time) < most_)) return std::chrono::nanoseconds{0};
    if (in_nanoseconds(time) < -most_) return std::chrono::nanoseconds{-1};
    return std::chrono::ceil<std::chrono::nanoseconds>(time);
  }

  static constexpr double most_ = 9.2e18;

  kind kind_ = kind::by_default;
  std::chrono::nanoseconds time_{0};
};

/// Asks a child to stop and waits for it as long as it takes.
inline constexpr shutdown_rule infinity = shutdown_rule::of(shutdown_rule::kind::infinity);
/// Kills a child without asking it first.
inline constexpr shutdown_rule brutal_kill = shutdown_rule::of(shutdown_rule::kind::brutal_kill);

/// How long a child that keeps failing waits before it is started again. The first restart after a
/// healthy time never waits; the n-th failure in a row (n > 1) waits initial * factor^(n-2), at
/// most `max`.
struct backoff_options {
  std::chrono::nanoseconds initial = std::chrono::milliseconds{10};  ///< 0: never waits.
  double factor = 2;                                                 ///< 1 and more.
  std::chrono::nanoseconds max = std::chrono::seconds{10};           ///< At least `initial`.
  double jitter = 0.2;  ///< 0 to 1: a random part of the wait, up to this share of it, is left out.
  std::chrono::nanoseconds reset_after =
      std::chrono::seconds{30};  ///< Healthy time that forgets past failures; > 0.

  friend bool operator==(const backoff_options&, const backoff_options&) = default;
};

/// A backoff that never waits.
inline constexpr backoff_options no_backoff{.initial = std::chrono::nanoseconds{0}};

/// A limit on the restarts of one child, beside its supervisor's: the failure that is too many for
/// either ends the supervisor.
struct restart_budget {
  restart_limit intensity = 5;
  std::chrono::nanoseconds period = std::chrono::seconds{10};  ///< > 0.

  friend bool operator==(const restart_budget&, const restart_budget&) = default;
};

/// Ends of a child by their exit code or signal. The keeper's death is none of them.
/// @errors a number out of range, one that is forced and forbidden, and a forced restart of a
/// temporary child are refused when the child is added.
struct exit_rule {
  std::vector<int> codes = {};    ///< 0 to 255.
  std::vector<int> signals = {};  ///< 1 to 64.

  [[nodiscard]] bool empty() const noexcept { return codes.empty() && signals.empty(); }
  friend bool operator==(const exit_rule&, const exit_rule&) = default;
};

/// How a supervisor treats its children.
/// @errors a bad value is refused when the supervisor is made, with an error that names the field.
struct supervisor_options {
  bulkhead::strategy strategy = bulkhead::strategy::one_for_one;
  /// Restarts within `period` that it bears; the next failure stops its children and ends it.
  restart_limit intensity = 5;
  /// Length of the window, > 0. A failing child's time between its failure and its being up again
  /// does not count.
  std::chrono::nanoseconds period = std::chrono::seconds{10};
  bulkhead::auto_shutdown auto_shutdown = bulkhead::auto_shutdown::never;
  std::string name = "supervisor";  ///< Its part of the path that events carry.
  /// Events kept for `async_next_event`, > 0; beyond it the oldest are dropped, and counted.
  std::size_t events_max = 1024;
};

}  // namespace bulkhead
