import { theme, type ThemeConfig } from 'antd';

export type Look = 'light' | 'dark';

/**
 * antd's own palette fails WCAG AA in places: white on #1677FF is 4.10:1, its secondary text 3.36:1.
 * The blue and the greys here keep at least 4.5:1; `look.css` holds the same colours for our own marks.
 */
const shared = {
  borderRadius: 10,
  fontSize: 16,
  controlHeight: 40,
  controlHeightLG: 48,
  controlHeightSM: 32,
  fontFamily: "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', system-ui, sans-serif",
} as const;

const light: ThemeConfig = {
  algorithm: theme.defaultAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#0958d9',
    // A lighter blue under the pointer would lose the contrast of its white words.
    colorPrimaryHover: '#0747ad',
    colorPrimaryActive: '#053a8f',
    colorLink: '#0958d9',
    colorText: '#12203a',
    colorTextSecondary: '#4a5872',
    colorTextDescription: '#4a5872',
    colorTextPlaceholder: '#647089',
    colorTextDisabled: '#6b7688',
    colorBorder: '#8390a8',
    colorBorderSecondary: '#dfe6f1',
    colorBgLayout: '#f3f6fb',
    colorError: '#b3261e',
    colorErrorText: '#b3261e',
    colorSuccess: '#05713a',
    colorWarning: '#8a4b00',
  },
};

const dark: ThemeConfig = {
  algorithm: theme.darkAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#2f6fd8',
    colorPrimaryHover: '#2a63c2',
    colorPrimaryActive: '#2456a8',
    colorLink: '#7ab2ff',
    colorText: '#e9eef8',
    colorTextSecondary: '#a8b5ca',
    colorTextDescription: '#a8b5ca',
    colorTextPlaceholder: '#93a1b8',
    colorTextDisabled: '#8593aa',
    colorBgContainer: '#1a2435',
    colorBgElevated: '#1e293c',
    colorBgLayout: '#0c121d',
    colorBorder: '#74839d',
    colorBorderSecondary: '#29354a',
    colorError: '#ff9d94',
    colorErrorText: '#ff9d94',
    colorSuccess: '#5fd394',
    colorWarning: '#ffc266',
  },
};

/** `calm` is for who asked the system for less motion. */
/** Where antd derives a colour from the blue or the red, dark grounds need another one. */
const darkParts = {
  Button: { dangerColor: '#2a0906' },
  Dropdown: { colorPrimary: '#7ab2ff' },
  Drawer: { colorBgElevated: '#151d2c' },
} satisfies ThemeConfig['components'];

/** `calm` is for who asked the system for less motion. */
export function antTheme(look: Look, calm: boolean): ThemeConfig {
  const isDark = look === 'dark';
  const base = isDark ? dark : light;
  return {
    ...base,
    token: { ...base.token, motion: !calm },
    components: {
      ...(isDark ? darkParts : {}),
      Button: {
        ...(isDark ? darkParts.Button : {}),
        fontWeight: 500,
        primaryShadow: 'none',
        defaultShadow: 'none',
        dangerShadow: 'none',
      },
      Segmented: {
        itemColor: isDark ? '#a8b5ca' : '#4a5872',
        itemSelectedColor: isDark ? '#e9eef8' : '#12203a',
        itemSelectedBg: isDark ? '#33435f' : '#ffffff',
        trackBg: isDark ? '#1a2435' : '#e4eaf4',
        trackPadding: 3,
      },
      Modal: { titleFontSize: 18 },
    },
  };
}
