#include <bulkhead/actors/feed.hpp>

#include <cassert>
#include <new>
#include <string>
#include <utility>

#include "feed_state.hpp"

namespace bulkhead::actors {

namespace {

class feed_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "bulkhead.feed"; }
  std::string message(int code) const override {
    switch (static_cast<feed_errc>(code)) {
      case feed_errc::actor_down:
        return "the actor ended before the queue did";
      case feed_errc::handler_failed:
        return "the actor's handler failed on a message";
    }
    return "unknown error " + std::to_string(code);
  }
};

}  // namespace

const std::error_category& feed_category() noexcept {
  static const feed_category_type category;
  return category;
}

std::error_code make_error_code(feed_errc code) noexcept {
  return {static_cast<int>(code), feed_category()};
}

feed& feed::operator=(feed&& other) noexcept {
  if (this != &other) {
    end();
    state_ = std::move(other.state_);
  }
  return *this;
}

feed::~feed() { end(); }

void feed::join() const { state_->join({}); }

void feed::join(std::error_code& ec) const {
  ec.clear();
  try {
    join();
  } catch (const std::system_error& e) {
    ec = e.code();
  }
}

bool feed::join_until(std::chrono::steady_clock::time_point deadline) const {
  return state_->join(deadline);
}

void feed::stop() const { state_->stop(); }

bool feed::ended() const { return state_->ended(); }

void feed::end() noexcept {
  if (!state_) return;
  if (state_->home().is_this()) {
    state_->abandon({});
    state_.reset();
  } else {
    // A forked copy has the memory and not the thread: nothing here may be destroyed.
    new std::shared_ptr<detail::feed_state>(std::move(state_));
  }
}

}  // namespace bulkhead::actors
