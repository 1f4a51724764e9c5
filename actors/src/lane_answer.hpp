#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <cstdint>
#include <memory>

#include "lane_sender.hpp"
#include "served_end.hpp"

namespace bulkhead::actors::detail {

/// Sends an error to who asked. @limits marked false: it is the answer to a watch.
void answer_with_error(served_end& end, const bulkhead::detail::call_origin& whose,
                       const caf::error& reason, bool marked = true);

/// Receives the answer to one request, and sends it to the asker's process.
class lane_answer final : public compat::answer_actor {
 public:
  lane_answer(caf::actor_config& config, lane_load load, const message_codec& codec,
              const bulkhead::detail::call_origin& whose, std::uint32_t signature)
      : answer_actor(config),
        load_(std::move(load)),
        codec_(&codec),
        whose_(whose),
        signature_(signature) {}
  ~lane_answer() override;

 private:
  void answered(const compat::message_values& content) override;
  void answer(const compat::message_values& content);
  void answer_named(const compat::message_values& content, std::size_t size);

  lane_load load_;
  const message_codec* codec_;
  bulkhead::detail::call_origin whose_;
  std::uint32_t signature_;
};

}  // namespace bulkhead::actors::detail
