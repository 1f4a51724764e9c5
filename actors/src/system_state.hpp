#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/process.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "departing_lanes.hpp"
#include "feed_state.hpp"
#include "home_process.hpp"
#include "lane_thread.hpp"
#include "pump_unit.hpp"

namespace bulkhead::actors::detail {

/// CAF's system together with what it refers to, so that both are left behind together when an
/// actor does not end.
struct caf_world {
  explicit caf_world(std::unique_ptr<caf::actor_system_config> chosen)
      : config(std::move(chosen)), system(*config) {}
  std::unique_ptr<caf::actor_system_config> config;
  /// Actors refer to the unit that they ran on last.
  std::vector<std::unique_ptr<pump_unit>> units;
  caf::actor_system system;
};

/// How an actor system ended.
struct end_report {
  bool gone = true;  ///< Nothing of it is left.
  std::size_t actors_left = 0;
};

/// An actor system and what its end must know. @threads any; `end` once.
class system_state {
 public:
  system_state(bulkhead::runtime& rt, std::unique_ptr<caf::actor_system_config> config,
               const system_options& options);
  system_state(const system_state&) = delete;
  system_state& operator=(const system_state&) = delete;
  ~system_state();
  /// The one that owns a system of CAF's; nullptr: none does.
  static system_state* of(caf::actor_system& system);

  [[nodiscard]] caf::actor_system& caf() noexcept { return world_->system; }
  [[nodiscard]] bulkhead::runtime& runtime() const noexcept { return *runtime_; }
  /// The unit of the thread that made the system. Once.
  pump_unit& own_unit();
  /// Makes a feed that ends with the system. Throws runtime_gone when that has ended.
  std::shared_ptr<feed_state> add_feed(std::unique_ptr<feed_input> input,
                                       caf::strong_actor_ptr actor, std::size_t credit);
  /// Has an actor asked to exit when the system ends.
  void end_with_system(const caf::strong_actor_ptr& actor);
  /// Keeps what `make(pump_unit&)` gives, a lane_thread that ends with the system. Throws
  /// runtime_gone.
  template <class Make>
  auto add_thread(Make make) {
    const std::lock_guard lock(mutex_);
    pump_unit& unit = free_unit();
    auto made = make(unit);
    threads_.push_back({made, &unit});
    free_units_.pop_back();
    return made;
  }
  /// One that was never started.
  void drop_thread(const std::shared_ptr<lane_thread>& thread);
  /// @returns what `start` does, which starts it or throws: then nothing of it is kept.
  template <class Start>
  auto start_or_drop(const std::shared_ptr<lane_thread>& thread, Start start) {
    try {
      return start();
    } catch (...) {
      drop_thread(thread);
      throw;
    }
  }
  /// Serves a lane to an actor until the other end is closed.
  void serve(actor_server lane, const message_codec& codec, const caf::strong_actor_ptr& actor);
  /// True while somebody elsewhere has a handle of an actor of this process.
  [[nodiscard]] bool keeps(caf::actor_id actor);
  /// Keeps the process of an actor that others have handles of, until it ends or the system does;
  /// leaves it to the caller where that ends.
  void keep_process(process& child);
  /// The lanes' ends that messages name which are not sent yet.
  [[nodiscard]] const std::shared_ptr<departing_lanes>& departing() const noexcept {
    return departing_;
  }
  end_report end() { return end(options_.shutdown); }
  end_report end(std::chrono::milliseconds time);
  /// True where it was not gone in time: what is left refers to this, which has to stay too.
  [[nodiscard]] bool is_left_behind() const noexcept { return left_behind_; }
  [[nodiscard]] const system_options& options() const noexcept { return options_; }
  [[nodiscard]] std::chrono::milliseconds time_to_end() const noexcept { return options_.shutdown; }

 private:
  using clock = std::chrono::steady_clock;

  void send_exits(const std::vector<caf::weak_actor_ptr>& actors, caf::exit_reason reason);
  void note_to_end(const caf::strong_actor_ptr& actor);
  pump_unit& free_unit();
  void reap_threads();
  [[nodiscard]] bool threads_gone_by(clock::time_point deadline);
  [[nodiscard]] bool empty_by(clock::time_point deadline);
  [[nodiscard]] bool destroyed_by(clock::time_point deadline);

  bulkhead::runtime* runtime_;
  const system_options options_;
  const home_process home_;
  std::unique_ptr<caf_world> world_;
  bool left_behind_ = false;

  std::mutex mutex_;
  bool ending_ = false;
  std::vector<std::weak_ptr<feed_state>> feeds_;
  struct thread_place {
    std::shared_ptr<lane_thread> thread;
    pump_unit* unit;
  };
  std::vector<thread_place> threads_;
  const std::shared_ptr<departing_lanes> departing_ = std::make_shared<departing_lanes>();
  std::vector<process> lent_;  ///< Processes of actors that this one has no handle of.
  std::vector<pump_unit*> free_units_;
  std::vector<caf::weak_actor_ptr> fed_;
};

}  // namespace bulkhead::actors::detail
