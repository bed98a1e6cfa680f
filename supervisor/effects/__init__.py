"""What a tool call would do. Pure: values in, values out."""

from supervisor.effects.model import Effect, EffectKind, Files, Judgement, Scope, Surroundings, ToolCall

__all__ = ["Effect", "EffectKind", "Files", "Judgement", "Scope", "Surroundings", "ToolCall"]
