/** Draws frames with WebGL2: three small textures for each frame, and one triangle. */

import { GROUND, LIFT, type Rgb, type Scene } from "./picture";

/** Draws frames of a scene onto a canvas. */
export interface Renderer {
  /** Whether the CPU draws the pixels. */
  readonly slow: boolean;
  /** The scene of the following frames. */
  prepare(scene: Scene): void;
  draw(codes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
precision mediump sampler2DArray;
uniform usampler2D glyphs, luma, chroma, table;
uniform sampler2DArray atlas;
uniform ivec2 cell, grid, half_grid;
uniform ivec2 bits;
uniform bool colour;
uniform vec3 ink, paper;
uniform float lift_share, ground_share;
out vec4 pixel;

float value(uint code, int width) {
  uint step = 1u << uint(8 - width);
  return float(code * step + (step >> 1u));
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.x, float(grid.y * cell.y) - gl_FragCoord.y);
  ivec2 place = min(at / cell, grid - 1);
  uint glyph = texelFetch(table, ivec2(texelFetch(glyphs, place, 0).r, 0), 0).r;
  float cover = texelFetch(atlas, ivec3(at - place * cell, int(glyph)), 0).r;
  vec3 front = ink;
  vec3 ground = paper;
  if (colour) {
    float y = value(texelFetch(luma, place, 0).r, bits.x);
    float cb = value(texelFetch(chroma, place / 2, 0).r, bits.y) - 128.0;
    float cr = value(texelFetch(chroma, place / 2 + ivec2(0, half_grid.y), 0).r, bits.y) - 128.0;
    vec3 rgb = clamp(
      vec3(y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb), 0.0, 255.0);
    float most = max(64.0, max(rgb.r, max(rgb.g, rgb.b)));
    front = min(rgb * (1.0 - lift_share + lift_share * 255.0 / most), 255.0);
    ground = mix(paper, rgb, ground_share);
  }
  pixel = vec4(mix(ground, front, cover) / 255.0, 1.0);
}`;

type Sampler = "glyphs" | "luma" | "chroma" | "table" | "atlas";
const UNITS: Record<Sampler, number> = { glyphs: 0, luma: 1, chroma: 2, table: 3, atlas: 4 };

export class WebGlRenderer implements Renderer {
  readonly slow: boolean;
  private readonly textures = {} as Record<Sampler, WebGLTexture>;
  private readonly program: WebGLProgram;
  private scene: Scene | undefined;

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
  ) {
    this.slow = isSoftware(gl);
    this.program = link(gl);
    gl.useProgram(this.program);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    for (const name of Object.keys(UNITS) as Sampler[]) {
      this.textures[name] = this.texture(name);
      gl.uniform1i(gl.getUniformLocation(this.program, name), UNITS[name]);
    }
  }

  /** A renderer for this canvas, undefined if WebGL2 is missing or rejects the shader. */
  static create(canvas: HTMLCanvasElement): WebGlRenderer | undefined {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) return undefined;
    try {
      return new WebGlRenderer(canvas, gl);
    } catch {
      return undefined;
    }
  }

  prepare(scene: Scene): void {
    const { gl } = this;
    this.scene = scene;
    this.canvas.width = scene.cols * scene.cellWidth;
    this.canvas.height = scene.rows * scene.cellHeight;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    this.upload("table", 256, 1, scene.table);
    gl.activeTexture(gl.TEXTURE0 + UNITS.atlas);
    const { cellWidth, cellHeight, glyphCount } = scene;
    gl.texImage3D(
      gl.TEXTURE_2D_ARRAY, 0, gl.R8, cellWidth, cellHeight, glyphCount, 0,
      gl.RED, gl.UNSIGNED_BYTE, scene.atlas,
    );
    const at = (name: string): WebGLUniformLocation | null =>
      gl.getUniformLocation(this.program, name);
    gl.uniform2i(at("cell"), cellWidth, cellHeight);
    gl.uniform2i(at("grid"), scene.cols, scene.rows);
    gl.uniform2i(at("half_grid"), scene.chromaCols, scene.chromaRows);
    gl.uniform2i(at("bits"), scene.lumaBits, scene.chromaBits);
    gl.uniform1i(at("colour"), scene.colour ? 1 : 0);
    gl.uniform3f(at("ink"), ...toFloats(scene.ink));
    gl.uniform3f(at("paper"), ...toFloats(scene.paper));
    gl.uniform1f(at("lift_share"), LIFT);
    gl.uniform1f(at("ground_share"), GROUND);
  }

  draw(codes: Uint8Array<ArrayBuffer>): void {
    const { gl, scene } = this;
    if (!scene || gl.isContextLost()) return;
    const { cols, rows, chromaCols, chromaRows } = scene;
    const cells = cols * rows;
    this.upload("glyphs", cols, rows, codes.subarray(scene.glyphPlane, scene.glyphPlane + cells));
    if (scene.colour) {
      const end = scene.chroma + 2 * chromaCols * chromaRows;
      this.upload("luma", cols, rows, codes.subarray(scene.luma, scene.luma + cells));
      this.upload("chroma", chromaCols, 2 * chromaRows, codes.subarray(scene.chroma, end));
    }
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  close(): void {
    for (const texture of Object.values(this.textures)) this.gl.deleteTexture(texture);
    this.gl.deleteProgram(this.program);
    // A page may have about 16 contexts; those of removed elements count until garbage collection.
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private texture(name: Sampler): WebGLTexture {
    const { gl } = this;
    const target = name === "atlas" ? gl.TEXTURE_2D_ARRAY : gl.TEXTURE_2D;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + UNITS[name]);
    gl.bindTexture(target, texture);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(target, filter, gl.NEAREST);
    }
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(target, wrap, gl.CLAMP_TO_EDGE);
    }
    return texture;
  }

  private upload(name: Sampler, width: number, height: number, data: Uint8Array): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + UNITS[name]);
    gl.texImage2D(
      gl.TEXTURE_2D, 0, gl.R8UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, data,
    );
  }
}

/** Whether the renderer is a software GPU. */
function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|basic render/i.test(name);
}

function toFloats(rgb: Rgb): [number, number, number] {
  return [...rgb];
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(program) ?? "the shader does not link");
  }
  return program;
}
