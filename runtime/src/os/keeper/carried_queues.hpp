#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/queue_view.hpp"
#include "os/control.hpp"

namespace bulkhead::os {

/// Which messages under way name which queues, by the place of the message: the keeper reads no
/// message. A record is made before its message is published, and holds as long as the message's
/// slot says that it is not settled. So nobody has to tell the keeper of that, and no death can
/// make somebody forget it. Pure bookkeeping.
class carried_queues {
 public:
  struct place {
    std::uint64_t queue = 0;     ///< Or the pipe end that sends.
    std::uint32_t seat = 0;      ///< 0 in a pipe.
    std::uint64_t position = 0;  ///< In a pipe: the tail that publishes the message.
  };
  /// What a message's slot says of it.
  enum class fate : std::uint8_t { unpublished, under_way, settled };
  [[nodiscard]] static fate fate_of(const core::queue_view& queue, std::uint32_t seat,
                                    core::position position) noexcept;

  /// The message at `at` names `queues`; what was said of that slot before is forgotten.
  /// @returns queues that are named no more.
  std::vector<std::uint64_t> set(const place& at, std::vector<std::uint64_t> queues);
  /// Whether something was said of the message at `at`, and not of another one in that slot.
  [[nodiscard]] bool knows(const place& at) const;
  /// The message at `from` has a copy at `to`.
  void copy(const place& from, const place& to);

  /// Calls `visit(queue, seat, place, position, names)` for each message of which something else is
  /// said since this was called last; no names: nothing.
  template <class Visit>
  void take_changes(Visit visit) {
    for (const key& k : std::exchange(changed_, {})) {
      const auto there = records_.find(k);
      // What is not there has no position; in a pipe the place is that.
      const std::uint64_t position = there == records_.end() ? 0 : there->second.position;
      visit(std::get<0>(k), std::get<1>(k), std::get<2>(k), position,
            there == records_.end() ? std::vector<std::uint64_t>{} : there->second.names);
    }
  }

  [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
  /// All that is named.
  template <class Visit>
  void each_name(Visit visit) const {
    for (const auto& [name, by] : named_by_) visit(name);
  }
  /// The pipe ends that sent messages with names.
  [[nodiscard]] std::vector<std::uint64_t> sending_ends() const;
  /// Calls `visit(named)` for each name in the messages of a queue.
  template <class Visit>
  void each_name_in(std::uint64_t queue, Visit visit) const {
    for (auto at = records_.lower_bound({queue, 0, 0});
         at != records_.end() && std::get<0>(at->first) == queue; ++at) {
      for (const std::uint64_t name : at->second.names) visit(name);
    }
  }

  /// Forgets messages that name `queue`, up to the first for which `gone(place)` is false, and adds
  /// to `freed` what else is named no more. @returns whether there is one.
  template <class Gone>
  bool is_named(std::uint64_t queue, Gone gone, std::vector<std::uint64_t>& freed) {
    for (auto named = named_by_.find(queue); named != named_by_.end();
         named = named_by_.find(queue)) {
      const key k = *named->second.begin();
      if (!gone(place_of(k))) return true;
      for (const std::uint64_t name : erase(k)) {
        if (name != queue) freed.push_back(name);
      }
    }
    return false;
  }
  /// The same for all messages in the lane of a seat. @returns queues that are named no more.
  template <class Gone>
  std::vector<std::uint64_t> forget_in(std::uint64_t queue, std::uint32_t seat, Gone gone) {
    std::vector<std::uint64_t> freed;
    for (auto at = records_.lower_bound({queue, seat, 0}); at != records_.end();) {
      const key k = at->first;
      if (std::get<0>(k) != queue || std::get<1>(k) != seat) break;
      ++at;
      if (gone(place_of(k))) append(freed, erase(k));
    }
    return freed;
  }
  /// The next few messages in turn, and of these the ones for which `gone` is true are forgotten.
  /// @returns queues that are named no more.
  template <class Gone>
  std::vector<std::uint64_t> forget_some(std::size_t count, Gone gone) {
    std::vector<std::uint64_t> freed;
    for (std::size_t n = 0; n < count && !records_.empty(); ++n) {
      auto at = records_.upper_bound(turn_);
      if (at == records_.end()) at = records_.begin();
      turn_ = at->first;
      if (gone(place_of(turn_))) append(freed, erase(turn_));
    }
    return freed;
  }
  /// Forgets all messages of a queue that goes. @returns queues that are named no more.
  std::vector<std::uint64_t> forget_all_in(std::uint64_t queue);

  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }

 private:
  // Of a slot: its lane has one message at a time there. A pipe's message has its position for
  // that.
  using key = std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>;  // queue, seat, index
  struct record {
    std::uint64_t position = 0;
    std::vector<std::uint64_t> names;  // without repetitions
  };

  static key key_of(const place& at) noexcept;
  [[nodiscard]] place place_of(const key& k) const;
  std::vector<std::uint64_t> erase(const key& k);
  static void append(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  std::map<key, record> records_;
  std::map<std::uint64_t, std::set<key>> named_by_;
  key turn_;
  std::vector<key> changed_;
};

}  // namespace bulkhead::os
