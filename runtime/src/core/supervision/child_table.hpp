#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/supervision/child.hpp"

namespace bulkhead::core {

/// The children of one supervisor by order of their start, by name and by deadline, counted by
/// state. A change costs the logarithm of their number, and a count costs nothing.
class child_table {
 public:
  /// Adds a stopped child behind all others. The name must be free.
  child& add(child_rules rules);
  void remove(child& c);

  /// Moves the child to `to`; from now on it has the deadline `at`, or none.
  void move(child& c, phase to, start_cause cause, std::optional<instant> at);
  void move(child& c, phase to, std::optional<instant> at = std::nullopt) {
    move(c, to, c.cause, at);
  }

  [[nodiscard]] child* find(child_id id);
  [[nodiscard]] const child* find(child_id id) const;
  [[nodiscard]] const child* find(std::string_view name) const;

  /// The child whose deadline is the earliest, if any has one.
  [[nodiscard]] child* next_due();
  [[nodiscard]] std::optional<instant> next_deadline() const;

  /// The newest child that has a process, among those whose id is at most `newest`.
  [[nodiscard]] child* last_with_process(child_id newest);
  [[nodiscard]] child_id last_id() const noexcept { return last_id_; }

  /// Calls `visit` with each child, newest first. It must not remove any.
  template <class Visit>
  void newest_first(Visit visit) {
    for (auto at = children_.rbegin(); at != children_.rend(); ++at) visit(at->second);
  }

  /// The first child in the order of their start for which `is_it` holds, or none.
  template <class Predicate>
  [[nodiscard]] child* first(Predicate is_it) {
    for (auto& [id, c] : children_) {
      if (is_it(c)) return &c;
    }
    return nullptr;
  }
  /// The last one.
  template <class Predicate>
  [[nodiscard]] child* last(Predicate is_it) {
    for (auto at = children_.rbegin(); at != children_.rend(); ++at) {
      if (is_it(at->second)) return &at->second;
    }
    return nullptr;
  }

  /// One child; nothing when there is none.
  [[nodiscard]] std::optional<child_info> info(child_id id) const;
  /// All children, newest first.
  [[nodiscard]] std::vector<child_info> which_children() const;
  [[nodiscard]] child_count count_children() const;

 private:
  struct name_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };
  using state_counts = std::array<std::size_t, static_cast<std::size_t>(child_state::stopped) + 1>;

  [[nodiscard]] std::size_t& in_state(const child& c) {
    return in_state_[static_cast<std::size_t>(state_of(c))];
  }
  void set_deadline(child& c, std::optional<instant> at);

  // Ids only grow, so that the order of the map is the order of the starts.
  std::map<child_id, child> children_;
  std::unordered_map<std::string, child_id, name_hash, std::equal_to<>> names_;
  std::set<std::pair<instant, child_id>> deadlines_;
  state_counts in_state_{};
  std::size_t supervisors_ = 0;
  child_id last_id_ = 0;
};

}  // namespace bulkhead::core
