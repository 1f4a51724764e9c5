#include <bulkhead/actors/system.hpp>

#include <bulkhead/errc.hpp>
#include <bulkhead/this_process.hpp>
#include <cstdio>
#include <string>

#include "system_state.hpp"

namespace bulkhead::actors {

namespace {

std::unique_ptr<caf::actor_system_config> default_config(
    const std::function<void(caf::actor_system_config&)>& setup) {
  auto config = std::make_unique<caf::actor_system_config>();
  compat::prefer_sharing(*config);
  if (setup) setup(*config);
  return config;
}

}  // namespace

system::system() : system(this_process::runtime()) {}

system::system(bulkhead::runtime& rt, const system_options& options)
    : system(rt, default_config({}), options) {}

system::system(bulkhead::runtime& rt, const std::function<void(caf::actor_system_config&)>& setup,
               const system_options& options)
    : system(rt, default_config(setup), options) {}

system::system(bulkhead::runtime& rt, std::unique_ptr<caf::actor_system_config> config,
               const system_options& options)
    : runtime_(&rt),
      state_(std::make_unique<detail::system_state>(rt, std::move(config), options)) {}

system::~system() {
  const detail::end_report end = state_->end();
  const auto time = static_cast<long long>(state_->time_to_end().count());
  if (state_->is_left_behind()) static_cast<void>(state_.release());
  if (end.gone) return;
  const std::string code = make_error_code(errc::timed_out).message();
  if (end.actors_left > 0) {
    std::fprintf(stderr,
                 "bulkhead: an actor system is left behind: %zu of its actors did not end within "
                 "%lld ms (%s)\n",
                 end.actors_left, time, code.c_str());
  } else {
    std::fprintf(stderr,
                 "bulkhead: an actor system is left behind: a thread that spawned its actors or "
                 "used a scoped_actor still "
                 "runs after %lld ms (%s)\n",
                 time, code.c_str());
  }
}

caf::actor_system& system::caf() const noexcept { return state_->caf(); }

bulkhead::runtime& system::runtime() const noexcept { return *runtime_; }

bool system::shutdown() { return state_->end().gone; }

std::size_t system::end_within(std::chrono::milliseconds time) {
  return state_->end(time).actors_left;
}

}  // namespace bulkhead::actors
