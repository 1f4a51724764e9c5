#include <bulkhead/detail/async_pipe_step.hpp>
#include <cerrno>

#include "pipe_state.hpp"
#include "process_context.hpp"

namespace bulkhead::detail {
namespace {

std::error_code aborted() { return {ECANCELED, std::system_category()}; }

}  // namespace

std::error_code obstacle_to_use(const std::weak_ptr<pipe_state>& end, bool was_there,
                                pipe_core& pipe) {
  if (!was_there) return errc::not_initialised;
  auto state = end.lock();
  if (state == nullptr) return aborted();
  if (!state->context().usable()) return state->context().why_unusable();
  pipe = pipe_core(std::move(state));
  return {};
}

std::error_code obstacle_to_wait(const pipe_core& pipe) {
  if (pipe.state()->context().stop_requested()) return errc::stop_requested;
  return {};
}

struct piece_sender::progress {
  ~progress() {
    if (const auto state = pipe.lock()) state->end_pieces(message);
  }

  std::weak_ptr<pipe_state> pipe;
  std::vector<std::byte> bytes;
  pipe_state::outgoing message;
};

piece_sender::piece_sender(std::weak_ptr<pipe_state> pipe, std::vector<std::byte> bytes,
                           std::vector<std::uint64_t> names)
    : progress_(std::make_unique<progress>()) {
  progress_->pipe = std::move(pipe);
  progress_->bytes = std::move(bytes);
  if (const auto state = progress_->pipe.lock()) {
    progress_->message = state->begin_pieces({}, progress_->bytes);
    progress_->message.names = std::move(names);
  }
}

piece_sender::piece_sender(piece_sender&&) noexcept = default;
piece_sender& piece_sender::operator=(piece_sender&&) noexcept = default;
piece_sender::~piece_sender() = default;

bool piece_sender::attempt(std::error_code& ec) {
  const auto state = progress_->pipe.lock();
  ec = state == nullptr ? aborted() : std::error_code();
  if (ec) return true;
  const auto result = state->try_pieces(progress_->message);
  if (!result) return false;
  ec = result->code();
  progress_.reset();
  return true;
}

}  // namespace bulkhead::detail
